#include "controllers/shop/orders_controller.h"

#include <fmt/core.h>

#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <utility>

#include "controllers/account_response.h"
#include "controllers/background.h"
#include "controllers/guards/session_guard.h"
#include "controllers/json_response.h"
#include "controllers/page_response.h"
#include "controllers/parse_id.h"
#include "controllers/shop/purchase_query.h"

namespace stampede::controllers {
namespace {

using repositories::OrderLine;
using services::orders::BuyerOrders;
using State = BuyerOrders::PurchaseState;

boost::json::object json_of(const OrderLine& line) {
  boost::json::object order;
  order["order"] = line.order.number.value;
  order["sale"] = line.order.sale.value;
  order["product"] = line.product.value;
  order["product_name"] = line.product_name;
  order["price_cents"] = line.price_cents;
  order["status"] = to_string(line.order.status);
  if (line.order.pay_by) order["pay_by"] = format_rfc3339(*line.order.pay_by);
  order["created_at"] = format_rfc3339(line.order.created_at);
  return order;
}

http::Response private_json(int status, const boost::json::object& object) {
  http::Response response = json_response(status, object);
  response.with("Cache-Control", "no-store");
  return response;
}

std::string words_of(FailureReason reason) {
  switch (reason) {
    case FailureReason::kNone:
      break;
    case FailureReason::kTooLate:
      return "It arrived after its unit had gone back into the sale.";
    case FailureReason::kLimitReached:
      return "You hold as many as one buyer may have.";
    case FailureReason::kNoUnit:
      return "No unit was left for it.";
    case FailureReason::kCancelled:
      return "It was bought, and the shop has cancelled it since.";
    case FailureReason::kExpired:
      return "It was not paid in time, and its unit has gone back into the sale. It counts as one "
             "of "
             "those that you may have in it.";
  }
  return "";
}

/// Why an order cannot be paid: a sentence; empty: it can.
std::string why_not_paid(const Order& order, Instant now) {
  switch (order.status) {
    case OrderStatus::kHeld:
      return *order.pay_by < now ? "The time to pay is over." : "";
    case OrderStatus::kPaid:
      return "It is paid already: this unit is yours.";
    case OrderStatus::kSuccess:
      return "Nothing is to be paid here: this unit is yours.";
    case OrderStatus::kExpired:
      return "It was not paid in time, and its unit has gone back into the sale.";
    case OrderStatus::kCancelled:
    case OrderStatus::kRefundDue:
    case OrderStatus::kRefunded:
      return "The shop has cancelled this order.";
    case OrderStatus::kFailed:
      break;  // no buyer has such an order
  }
  return "It did not succeed.";
}

}  // namespace

void OrdersController::add_routes(http::Router& router) {
  add_route(router, "/orders", &OrdersController::orders);
  add_route(router, "/orders/{number}", &OrdersController::order);
  add_route(router, "/orders/{number}/pay", &OrdersController::pay);
  add_route(router, "/purchases/{sale}/{key}", &OrdersController::purchase);
}

void OrdersController::add_route(http::Router& router, const char* pattern, Answer answer) {
  router.get(pattern, [this, answer](http::Request& request, http::Responder responder) {
    const auto buyer = current_user(request, services_.sessions, clock_().wall);
    if (!buyer) {
      responder(request.wants_json() ? login_required() : to_login_page(request.path));
      return;
    }
    const auto network = net::network_of(request.client_address, services_.ipv6_prefix);
    const std::array path{std::to_string(net::site_of(network)), std::to_string(network),
                          std::to_string(buyer->value)};
    answer_from(
        services_.pool, services_.refusals, path, std::move(responder),
        [this, answer, &request, buyer = *buyer] { return (this->*answer)(request, buyer); });
  });
}

http::Response OrdersController::orders(const http::Request& request, UserId buyer) {
  OrderNumber before;
  if (const auto text = request.query_parameter("before")) {
    const auto number = parse_id<OrderNumber>(*text);
    if (!number) {
      return refuse(request, services_.pages,
                    {400, "bad-number", "That is no order number",
                     "“before” is to be the number of an order: digits only, from 1."});
    }
    before = *number;
  }
  auto lines = services_.buyer_orders.orders_of(buyer, before, kOrdersPerPage + 1);
  OrderNumber older_than;
  if (lines.size() > kOrdersPerPage) {
    lines.pop_back();
    older_than = lines.back().order.number;
  }
  if (request.wants_json()) {
    boost::json::array orders;
    for (const OrderLine& line : lines) orders.push_back(json_of(line));
    boost::json::object answer;
    answer["orders"] = std::move(orders);
    if (older_than) answer["older"] = fmt::format("/orders?before={}", older_than.value);
    return private_json(200, answer);
  }
  views::OrdersPage shown{.orders = {}, .older_than = older_than};
  for (const OrderLine& line : lines) shown.orders.push_back(row_of(line));
  return page(200, services_.pages.orders(shown));
}

views::OrderRow OrdersController::row_of(const OrderLine& line) const {
  using Payment = views::OrderRow::Payment;
  const Order& order = line.order;
  views::OrderRow row{.number = order.number,
                      .product = line.product,
                      .product_name = line.product_name,
                      .price_cents = line.price_cents,
                      .created_at = order.created_at,
                      .status = order.status,
                      .pay_by = order.pay_by};
  if (order.status != OrderStatus::kHeld) return row;
  if (services_.checkout.url.empty()) {
    row.payment = Payment::kTold;
  } else if (why_not_paid(order, clock_().wall).empty()) {
    row.payment = Payment::kPayable;
  }
  return row;
}

std::optional<OrderLine> OrdersController::line_of(const http::Request& request,
                                                   UserId buyer) const {
  const auto number = parse_id<OrderNumber>(request.path_parameters[0]);
  return number ? services_.buyer_orders.order_of(buyer, *number) : std::nullopt;
}

http::Response OrdersController::unknown_order(const http::Request& request) const {
  return refuse(request, services_.pages,
                {404, "unknown-order", "No such order", "You have no order of this number."});
}

http::Response OrdersController::pay(const http::Request& request, UserId buyer) {
  const auto line = line_of(request, buyer);
  if (!line) return unknown_order(request);
  const Order& order = line->order;
  if (std::string why = why_not_paid(order, clock_().wall); !why.empty()) {
    return refuse(request, services_.pages,
                  {409, "not-held", "This order is not to be paid", std::move(why)});
  }
  const std::string its_page = fmt::format("/orders/{}", order.number.value);
  if (services_.checkout.url.empty()) return go_to(its_page);
  return go_to(checkout_address(services_.checkout,
                                {.order = order.number,
                                 .amount_cents = line->price_cents,
                                 .pay_by = *order.pay_by,
                                 .return_url = services_.origin.origin_for(request) + its_page}));
}

http::Response OrdersController::order(const http::Request& request, UserId buyer) {
  const auto line = line_of(request, buyer);
  if (!line) return unknown_order(request);
  if (request.wants_json()) return private_json(200, json_of(*line));
  views::OrderRow shown = row_of(*line);
  for (const Payment& payment : services_.buyer_orders.returned_payments(line->order.number)) {
    shown.returned.push_back({payment.amount_cents, payment.state == PaymentState::kRefunded});
  }
  return page(200, services_.pages.order(shown));
}

http::Response OrdersController::purchase(const http::Request& request, UserId buyer) {
  const auto query = PurchaseQuery::of(request);
  if (!query) {
    return refuse(request, services_.pages, {400, "bad-number", "That is no lease", kBadLease});
  }
  const auto report = query->ask(services_.buyer_orders, buyer);
  if (report.state == State::kUnknown) {
    return refuse(request, services_.pages,
                  {404, "unknown-purchase", "Nothing known of this purchase",
                   "Go back to the product and press Buy again: it is the same purchase."});
  }
  if (request.wants_json()) return private_json(200, json_of(report));
  return purchase_page(report);
}

http::Response OrdersController::purchase_page(const BuyerOrders::PurchaseReport& report) const {
  using Shown = views::PurchasePage::State;
  const Shown state = report.state == State::kPending  ? Shown::kPending
                      : report.state == State::kFailed ? Shown::kFailed
                                                       : Shown::kSuccess;
  return page(200, services_.pages.purchase({.state = state,
                                             .order = report.number,
                                             .reason = words_of(report.reason),
                                             .pay_by = report.held_until}));
}

}  // namespace stampede::controllers
