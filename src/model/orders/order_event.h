#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/orders/order.h"

namespace stampede {

/// What may happen to an order after its creation.
enum class OrderEventKind { kCancelled };

constexpr std::string_view to_string(OrderEventKind kind) {
  switch (kind) {
    case OrderEventKind::kCancelled:
      return "cancelled";
  }
  return "";
}

/// A row of `order_events`. An order's row never changes: what happens to it later is a row of its
/// own, which has the next seq of the order's queue shard, so that whoever follows the orders of a
/// shard hears of it in turn.
struct OrderEvent {
  OrderNumber order;
  OrderEventKind kind = OrderEventKind::kCancelled;
  std::string actor;   // as the audit log names who did it: "cli:alice"
  std::string reason;  // in words, plain text; may be empty
  Instant at;
  std::int64_t seq = 0;

  /// Longest reason, in bytes.
  static constexpr std::size_t kLongestReason = 200;
};

/// The order as it is once the event has happened. Its seq is the event's.
inline Order after(Order order, const OrderEvent& event) {
  switch (event.kind) {
    case OrderEventKind::kCancelled:
      order.status = OrderStatus::kCancelled;
      order.reason = FailureReason::kCancelled;
      break;
  }
  order.seq = event.seq;
  return order;
}

/// The order as its own row says it.
inline Order as_created(Order order) {
  if (order.status != OrderStatus::kCancelled) return order;
  order.status = OrderStatus::kSuccess;
  order.reason = FailureReason::kNone;
  return order;
}

}  // namespace stampede
