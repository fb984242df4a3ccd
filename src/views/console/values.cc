#include "views/console/values.h"

#include "views/format.h"

namespace stampede::views {

using kainjow::mustache::data;

namespace {

std::string words_of(FailureReason reason) {
  switch (reason) {
    case FailureReason::kNone:
      break;
    case FailureReason::kTooLate:
      return "too late: its unit had gone back into the sale";
    case FailureReason::kLimitReached:
      return "the buyer held as many as one may have";
    case FailureReason::kNoUnit:
      return "no unit was left";
    case FailureReason::kCancelled:
    case FailureReason::kExpired:
      break;  // it did not fail
  }
  return "";
}

}  // namespace

std::string words_of(OrderStatus status) {
  return status == OrderStatus::kRefundDue ? "refund due" : std::string(to_string(status));
}

void put_time(data& values, const std::string& name, Instant instant) {
  values.set(name, format_rfc3339(instant));
  values.set(name + "_words", format_time(instant));
}

data values_of(const ConsoleOrder& line) {
  const Order& order = line.order;
  data values;
  values.set("number", std::to_string(order.number.value));
  values.set("sale", std::to_string(order.sale.value));
  values.set("buyer", std::to_string(order.buyer.value));
  values.set("buyer_name", section(line.buyer_name));
  values.set("product", std::to_string(line.product.value));
  values.set("product_name", line.product_name);
  values.set("price", format_price(line.price_cents));
  values.set("status", words_of(order.status));
  values.set("failed", data{order.status == OrderStatus::kFailed});
  values.set("active", data{order.active()});
  values.set("held", data{order.status == OrderStatus::kHeld});
  values.set("asks_for_payment", data{order.pay_by.has_value()});
  if (order.pay_by) put_time(values, "pay_by", *order.pay_by);
  values.set("reason", words_of(order.reason));
  put_time(values, "created_at", order.created_at);
  return values;
}

}  // namespace stampede::views
