#include "controllers/shop/orders_controller.h"

#include <fmt/core.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <optional>
#include <string>

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

views::OrderRow row_of(const OrderLine& line) {
  return {.number = line.order.number,
          .product = line.product,
          .product_name = line.product_name,
          .price_cents = line.price_cents,
          .created_at = line.order.created_at,
          .status = line.order.status,
          .pay_by = line.order.pay_by};
}

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
      return "It was not paid in time, and its unit has gone back into the sale.";
  }
  return "";
}

}  // namespace

void OrdersController::add_routes(http::Router& router) {
  add_route(router, "/orders", &OrdersController::orders);
  add_route(router, "/orders/{number}", &OrdersController::order);
  add_route(router, "/purchases/{sale}/{key}", &OrdersController::purchase);
}

void OrdersController::add_route(http::Router& router, const char* pattern, Answer answer) {
  router.get(pattern, [this, answer](http::Request& request, http::Responder responder) {
    const auto buyer = current_user(request, services_.sessions, clock_().wall);
    if (!buyer) {
      responder(request.wants_json() ? login_required() : to_login_page(request.path));
      return;
    }
    answer_from(services_.pool, std::move(responder), [this, answer, &request, buyer = *buyer] {
      return (this->*answer)(request, buyer);
    });
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

http::Response OrdersController::order(const http::Request& request, UserId buyer) {
  const auto number = parse_id<OrderNumber>(request.path_parameters[0]);
  std::optional<OrderLine> line;
  if (number) line = services_.buyer_orders.order_of(buyer, *number);
  if (!line) {
    return refuse(request, services_.pages,
                  {404, "unknown-order", "No such order", "You have no order of this number."});
  }
  if (request.wants_json()) return private_json(200, json_of(*line));
  return page(200, services_.pages.order(row_of(*line)));
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
  return page(200, services_.pages.purchase({state, report.number, words_of(report.reason)}));
}

}  // namespace stampede::controllers
