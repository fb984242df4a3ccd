#include "controllers/shop/purchase_query.h"

#include <boost/json/object.hpp>

#include "controllers/parse_id.h"
#include "controllers/shop/pay_path.h"

namespace stampede::controllers {

using services::orders::BuyerOrders;

std::optional<PurchaseQuery> PurchaseQuery::of(const http::Request& request) {
  PurchaseQuery query{.sale = parse_id<SaleId>(request.path_parameters[0]).value_or(SaleId{}),
                      .key = IdempotencyKey::parse(request.path_parameters[1]),
                      .lease = {},
                      .sent = request.query_parameter("sent").value_or("")};
  if (const auto text = request.query_parameter("lease")) {
    const auto lease = parse_id<LeaseId>(*text);
    if (!lease) return std::nullopt;
    query.lease = *lease;
  }
  return query;
}

BuyerOrders::PurchaseReport PurchaseQuery::ask(BuyerOrders& buyer_orders, UserId buyer) const {
  if (!sale || !key) return {};
  return buyer_orders.purchase(sale, buyer, *key, lease);
}

boost::json::object json_of(const BuyerOrders::PurchaseReport& report) {
  using State = BuyerOrders::PurchaseState;
  boost::json::object purchase;
  switch (report.state) {
    case State::kSuccess:
      purchase["result"] = report.held_until ? "held" : "success";
      purchase["order"] = report.number.value;
      if (report.held_until) {
        purchase["pay_by"] = format_rfc3339(*report.held_until);
        purchase["pay"] = pay_path(report.number);
      }
      break;
    case State::kFailed:
      purchase["result"] = "failed";
      purchase["reason"] = to_string(report.reason);
      break;
    case State::kPending:
      purchase["result"] = "pending";
      break;
    case State::kUnknown:
      purchase["result"] = "unknown";
      break;
  }
  return purchase;
}

}  // namespace stampede::controllers
