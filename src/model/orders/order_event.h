#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "model/orders/order.h"

namespace stampede {

/// What may happen to an order after its creation (docs/design.md#order-events).
enum class OrderEventKind {
  kCancelled,
  kPaid,
  kExpired,    // it was not paid in time
  kRefundDue,  // cancelled after it was paid
  kRefunded,
};
inline constexpr std::array kOrderEventKinds{OrderEventKind::kCancelled, OrderEventKind::kPaid,
                                             OrderEventKind::kExpired, OrderEventKind::kRefundDue,
                                             OrderEventKind::kRefunded};

constexpr std::string_view to_string(OrderEventKind kind) {
  switch (kind) {
    case OrderEventKind::kCancelled:
      return "cancelled";
    case OrderEventKind::kPaid:
      return "paid";
    case OrderEventKind::kExpired:
      return "expired";
    case OrderEventKind::kRefundDue:
      return "refund_due";
    case OrderEventKind::kRefunded:
      return "refunded";
  }
  return "";
}

/// What an order is once that has happened to it.
constexpr OrderStatus status_after(OrderEventKind kind) {
  switch (kind) {
    case OrderEventKind::kCancelled:
      return OrderStatus::kCancelled;
    case OrderEventKind::kPaid:
      return OrderStatus::kPaid;
    case OrderEventKind::kExpired:
      return OrderStatus::kExpired;
    case OrderEventKind::kRefundDue:
      return OrderStatus::kRefundDue;
    case OrderEventKind::kRefunded:
      return OrderStatus::kRefunded;
  }
  return OrderStatus::kFailed;
}

/// A row of `order_events`. An order's row never changes: what happens to it later is a row of its
/// own, which has the next seq of the order's queue shard, so that whoever follows the orders of a
/// shard hears of it in turn.
struct OrderEvent {
  OrderNumber order;
  OrderEventKind kind = OrderEventKind::kCancelled;
  std::string actor;   // an operator as the audit log names one ("cli:alice"), or kClock
  std::string reason;  // in words, plain text; may be empty
  Instant at;
  std::int64_t seq = 0;
  std::optional<std::int64_t> amount_cents = std::nullopt;  // what was paid

  /// Longest reason, in bytes.
  static constexpr std::size_t kLongestReason = 200;
  /// The actor of what happens because a time has come.
  static constexpr const char* kClock = "clock";
};

/// Why an order of that status is no active one; of one that failed, its own reason.
constexpr FailureReason reason_of(OrderStatus status, FailureReason of_failure) {
  switch (status) {
    case OrderStatus::kFailed:
      return of_failure;
    case OrderStatus::kCancelled:
    case OrderStatus::kRefundDue:
    case OrderStatus::kRefunded:
      return FailureReason::kCancelled;
    case OrderStatus::kExpired:
      return FailureReason::kExpired;
    case OrderStatus::kSuccess:
    case OrderStatus::kHeld:
    case OrderStatus::kPaid:
      break;
  }
  return FailureReason::kNone;
}

/// The order with that status, and the reason that belongs to it.
inline Order with_status(Order order, OrderStatus status) {
  order.status = status;
  order.reason = reason_of(status, order.reason);
  return order;
}

/// The order as it is once the event has happened. Its seq is the event's.
inline Order after(Order order, const OrderEvent& event) {
  Order changed = with_status(std::move(order), status_after(event.kind));
  changed.seq = event.seq;
  return changed;
}

/// The order as its own row says it.
inline Order as_created(const Order& order) {
  if (order.status == OrderStatus::kFailed) return order;
  return with_status(order, order.pay_by ? OrderStatus::kHeld : OrderStatus::kSuccess);
}

/// How many units go back into the sale when an order changes so: 1, 0, or -1 where it takes one
/// again.
inline int units_returned(const Order& before, const Order& after) {
  return static_cast<int>(before.active()) - static_cast<int>(after.active());
}

}  // namespace stampede
