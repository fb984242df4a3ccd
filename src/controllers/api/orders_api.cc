#include "controllers/api/orders_api.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <string>
#include <utility>

#include "controllers/api/api_request.h"
#include "controllers/json_response.h"
#include "controllers/parse_id.h"
#include "model/text/plain_text.h"

namespace stampede::controllers {
namespace {

using services::operations::Operator;

std::optional<OrderNumber> number_of(const http::Request& request) {
  return parse_id<OrderNumber>(request.path_parameters[0]);
}

http::Response unknown_order() {
  return http::problem(404, "unknown-order", "There is no order of this number.");
}

boost::json::object json_of(const Payment& payment) {
  return {{"order", payment.order.value},
          {"reference", payment.reference},
          {"amount_cents", payment.amount_cents},
          {"state", to_string(payment.state)},
          {"reason", payment.reason},
          {"at", format_rfc3339(payment.at)},
          {"changed_at", format_rfc3339(payment.changed_at)}};
}

boost::json::object json_of(const OrderEvent& event) {
  boost::json::object object{{"event", to_string(event.kind)},
                             {"actor", event.actor},
                             {"reason", event.reason},
                             {"at", format_rfc3339(event.at)},
                             {"amount_cents", nullptr}};
  if (event.amount_cents) object["amount_cents"] = *event.amount_cents;
  return object;
}

boost::json::object json_of(const Order& order) {
  return {{"order", order.number.value},         {"sale", order.sale.value},
          {"buyer", order.buyer.value},          {"status", to_string(order.status)},
          {"reason", to_string(order.reason)},   {"created_at", format_rfc3339(order.created_at)},
          {"pay_by", time_or_null(order.pay_by)}};
}

template <class Result>
http::Response done(const repositories::Applied<Result>& applied) {
  return json_response(applied.before ? 200 : 201, json_of(applied.result));
}

}  // namespace

void OrdersApi::add_routes(http::Router& router, ApiGuard& guard) {
  guard.get(router, "/orders/{number}", ApiScope::kOrdersRead,
            [this](const http::Request& request, const ApiToken&, Now) { return order(request); });
  const auto change = [&](const std::string& action, auto handler) {
    guard.post(router, "/orders/{number}/" + action, ApiScope::kOrdersWrite,
               [this, handler](const http::Request& request, const ApiToken& token, Now now) {
                 const auto number = number_of(request);
                 if (!number || !services_.archive.find(*number)) return unknown_order();
                 return (this->*handler)(request, *number, program_of(token, now));
               });
  };
  change("payments", &OrdersApi::pay);
  change("refunds", &OrdersApi::refund);
  change("cancel", &OrdersApi::cancel);
}

http::Response OrdersApi::order(const http::Request& request) {
  const auto number = number_of(request);
  const auto found = number ? services_.archive.find(*number) : std::nullopt;
  if (!found) return unknown_order();
  boost::json::object object = json_of(found->line.order);
  object["buyer_name"] = found->buyer_name;
  object["product_name"] = found->line.product_name;
  object["price_cents"] = found->line.price_cents;
  boost::json::array events;
  for (const OrderEvent& event : services_.operations.events_of(*number)) {
    events.push_back(json_of(event));
  }
  object["events"] = std::move(events);
  boost::json::array payments;
  for (const Payment& payment : services_.operations.payments_of(*number)) {
    payments.push_back(json_of(payment));
  }
  object["payments"] = std::move(payments);
  return json_response(200, object);
}

http::Response OrdersApi::pay(const http::Request& request, OrderNumber number,
                              const Operator& who) {
  const auto body = members_of(request, {"reference", "amount_cents"});
  if (!body) return bad_request(body.error());
  const auto reference = text_in(*body, "reference");
  if (!reference) return bad_request(reference.error());
  const auto amount = whole_in(*body, "amount_cents");
  if (!amount) return bad_request(amount.error());
  const auto paid =
      services_.operations.pay(who, number, {.reference = *reference, .amount_cents = *amount});
  return paid ? done(*paid) : refused(paid.error());
}

http::Response OrdersApi::refund(const http::Request& request, OrderNumber number,
                                 const Operator& who) {
  const auto body = members_of(request, {"reference"});
  if (!body) return bad_request(body.error());
  const auto reference = text_in(*body, "reference");
  if (!reference) return bad_request(reference.error());
  const auto payments = services_.operations.payments_of(number);
  if (std::ranges::find(payments, *reference, &Payment::reference) == payments.end()) {
    return refused(
        fmt::format("reference: order {} has no payment {}", number.value, in_quotes(*reference)));
  }
  const auto refunded = services_.operations.refund(who, *reference);
  return refunded ? done(*refunded) : refused(refunded.error());
}

http::Response OrdersApi::cancel(const http::Request& request, OrderNumber number,
                                 const Operator& who) {
  const auto body = members_of(request, {"reason"});
  if (!body) return bad_request(body.error());
  const auto reason = body->contains("reason") ? text_in(*body, "reason") : std::string();
  if (!reason) return bad_request(reason.error());
  const auto cancelled = services_.operations.cancel(who, number, *reason);
  return cancelled ? done(*cancelled) : refused(cancelled.error());
}

}  // namespace stampede::controllers
