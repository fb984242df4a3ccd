#include "services/orders/order_changes.h"

#include <optional>
#include <utility>

#include "model/text/plain_text.h"
#include "model/text/utf8.h"

namespace stampede::services::orders {

using repositories::Applied;

namespace {

std::optional<std::string> wrong_with(const std::string& reason) {
  const std::string expected = "expected text of one line, of at most " +
                               std::to_string(OrderEvent::kLongestReason) + " bytes";
  if (!is_utf8(reason)) return "reason: it is no UTF-8; " + expected;
  if (const auto found = find_control(reason)) {
    return "reason: it has " + describe(*found) + "; " + expected;
  }
  if (reason.size() > OrderEvent::kLongestReason) {
    return "reason: it has " + std::to_string(reason.size()) + " bytes; " + expected;
  }
  return std::nullopt;
}

}  // namespace

std::expected<Applied<Order>, std::string> OrderChanges::cancel(OrderNumber number,
                                                                const std::string& actor,
                                                                const std::string& reason,
                                                                Instant now) {
  if (const auto wrong = wrong_with(reason)) return std::unexpected(*wrong);
  using Result = std::expected<Applied<Order>, std::string>;
  std::optional<Result> result;
  events_->change(number, [&](const Order* order) -> std::optional<OrderEvent> {
    if (order == nullptr) {
      result = Result(std::unexpect, "order: there is no order " + std::to_string(number.value) +
                                         "; expected the number of one");
      return std::nullopt;
    }
    if (order->status == OrderStatus::kFailed) {
      result = Result(std::unexpect, "order: order " + std::to_string(number.value) +
                                         " has failed and holds no unit; expected an active one");
      return std::nullopt;
    }
    const bool before = order->status == OrderStatus::kCancelled;
    OrderEvent event{.order = number,
                     .kind = OrderEventKind::kCancelled,
                     .actor = actor,
                     .reason = reason,
                     .at = now};
    result = Applied<Order>{.result = before ? *order : after(*order, event), .before = before};
    if (before) return std::nullopt;
    return event;
  });
  return *std::move(result);
}

}  // namespace stampede::services::orders
