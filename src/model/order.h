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

enum class OrderStatus { kSuccess, kFailed };

/// Why a purchase that was queued did not become an active order.
enum class FailureReason { kNone, kTooLate, kLimitReached, kNoUnit };

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
  }
  return "";
}

/// A row of `orders`: the final outcome of one purchase.
struct Order {
  OrderNumber number;
  SaleId sale;
  UserId buyer;
  IdempotencyKey intent;
  std::optional<std::int32_t> slot;  // 1 to the per-buyer limit; none when failed
  LeaseId lease;
  OrderStatus status = OrderStatus::kSuccess;
  FailureReason reason = FailureReason::kNone;
  std::int64_t seq = 0;  // counts up per queue shard without a gap
  Instant created_at;

  /// It holds a unit.
  bool active() const { return status == OrderStatus::kSuccess; }
};

}  // namespace stampede
