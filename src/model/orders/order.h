#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "model/idempotency_key.h"
#include "model/ids.h"
#include "model/time.h"

namespace stampede {

/// One attempt of a buyer that took a unit and is on its way to the database: what the order queue
/// carries. Once committed it is an Order.
struct Purchase {
  SaleId sale;
  UserId buyer;
  IdempotencyKey intent;
  LeaseId lease;  // the lease the unit was taken from
  Instant created_at;
};

enum class OrderStatus {
  kSuccess,  // final: its sale asks for no payment
  kFailed,
  kCancelled,
  kHeld,  // it has its unit until it is paid, or until Order::pay_by
  kPaid,
  kExpired,    // it was not paid in time
  kRefundDue,  // cancelled after it was paid
  kRefunded,
};
inline constexpr std::array kOrderStatuses{
    OrderStatus::kSuccess, OrderStatus::kFailed,  OrderStatus::kCancelled, OrderStatus::kHeld,
    OrderStatus::kPaid,    OrderStatus::kExpired, OrderStatus::kRefundDue, OrderStatus::kRefunded};

constexpr std::string_view to_string(OrderStatus status) {
  switch (status) {
    case OrderStatus::kSuccess:
      return "success";
    case OrderStatus::kFailed:
      return "failed";
    case OrderStatus::kCancelled:
      return "cancelled";
    case OrderStatus::kHeld:
      return "held";
    case OrderStatus::kPaid:
      return "paid";
    case OrderStatus::kExpired:
      return "expired";
    case OrderStatus::kRefundDue:
      return "refund_due";
    case OrderStatus::kRefunded:
      return "refunded";
  }
  return "";
}

/// Why a purchase that was queued is no active order: it did not become one, or no longer is.
enum class FailureReason { kNone, kTooLate, kLimitReached, kNoUnit, kCancelled, kExpired };

constexpr std::string_view to_string(FailureReason reason) {
  switch (reason) {
    case FailureReason::kNone:
      return "";
    case FailureReason::kTooLate:
      return "too-late";
    case FailureReason::kLimitReached:
      return "limit-reached";
    case FailureReason::kNoUnit:
      return "no-unit";
    case FailureReason::kCancelled:
      return "cancelled";
    case FailureReason::kExpired:
      return "expired";
  }
  return "";
}

/// What one purchase has become: its row of `orders`, and what the events behind it say
/// (model/orders/order_event.h).
struct Order {
  OrderNumber number;
  SaleId sale;
  UserId buyer;
  IdempotencyKey intent;
  /// From 1: which of the buyer's orders of the sale it is, those that are over counted. None when
  /// failed.
  std::optional<std::int32_t> slot;
  LeaseId lease;
  OrderStatus status = OrderStatus::kSuccess;
  FailureReason reason = FailureReason::kNone;
  std::int64_t seq = 0;  // counts orders and their events per queue shard, without a gap
  Instant created_at;
  /// By when it was to be paid, by the database's clock; none: its sale asks for no payment, or it
  /// failed.
  std::optional<Instant> pay_by = std::nullopt;

  /// It holds a unit.
  bool active() const {
    return status == OrderStatus::kSuccess || status == OrderStatus::kHeld ||
           status == OrderStatus::kPaid;
  }

  /// It counts against its buyer's limit in the sale: it holds a unit, or held one that was not
  /// paid in time. A hold can so be had once, and not again and again without paying.
  bool counts() const { return active() || status == OrderStatus::kExpired; }
};

}  // namespace stampede
