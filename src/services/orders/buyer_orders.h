#pragma once

#include <optional>
#include <vector>

#include "repositories/orders/order_events.h"
#include "repositories/orders/orders.h"

namespace stampede::services::orders {

/// What a buyer may see of purchases and orders: their own, and nobody else's. Thread-safe; calls
/// block.
class BuyerOrders {
 public:
  /// What it is given outlives it.
  BuyerOrders(repositories::Orders& orders, repositories::OrderEvents& events)
      : orders_(&orders), events_(&events) {}

  /// The state of one purchase, as one snapshot shows it: a row is final; no row and an open lease
  /// is pending; else nothing is known of that intent.
  enum class PurchaseState { kSuccess, kFailed, kPending, kUnknown };
  struct PurchaseReport {
    PurchaseState state = PurchaseState::kUnknown;
    OrderNumber number;
    FailureReason reason = FailureReason::kNone;
    std::optional<Instant> held_until = std::nullopt;  // Order::pay_by of one that is held
  };
  PurchaseReport purchase(SaleId sale, UserId buyer, const IdempotencyKey& intent, LeaseId lease);

  /// Those that have not failed, newest first; cancelled ones too.
  std::vector<repositories::OrderLine> orders_of(UserId buyer, OrderNumber before,
                                                 std::size_t limit);
  /// nullopt for another's, and for one that failed.
  std::optional<repositories::OrderLine> order_of(UserId buyer, OrderNumber number);
  /// Payments for that order, which is the buyer's, that do not pay it, and are not those of an
  /// order that was cancelled: they go back, or have gone back.
  std::vector<Payment> returned_payments(OrderNumber number);

 private:
  repositories::Orders* orders_;
  repositories::OrderEvents* events_;
};

}  // namespace stampede::services::orders
