#pragma once

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

enum class OrderStatus { kSuccess, kFailed, kCancelled };

constexpr std::string_view to_string(OrderStatus status) {
  switch (status) {
    case OrderStatus::kSuccess:
      return "success";
    case OrderStatus::kFailed:
      return "failed";
    case OrderStatus::kCancelled:
      return "cancelled";
  }
  return "";
}

/// Why a purchase that was queued is no active order: it did not become one, or it was cancelled.
enum class FailureReason { kNone, kTooLate, kLimitReached, kNoUnit, kCancelled };

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
  /// From 1: which of the buyer's orders of the sale it is, cancelled ones counted. None when
  /// failed.
  std::optional<std::int32_t> slot;
  LeaseId lease;
  OrderStatus status = OrderStatus::kSuccess;
  FailureReason reason = FailureReason::kNone;
  std::int64_t seq = 0;  // counts orders and their events per queue shard, without a gap
  Instant created_at;

  /// It holds a unit.
  bool active() const { return status == OrderStatus::kSuccess; }
};

}  // namespace stampede
