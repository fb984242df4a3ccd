#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "model/catalog/sale.h"
#include "model/orders/order_event.h"
#include "model/orders/payment.h"

namespace stampede::repositories {

/// What is known of an order when it is decided what happens to it.
struct OrderFacts {
  Order order;                       // as it is now
  Sale sale;                         // as it is now, with its unleased units
  std::int64_t active_of_buyer = 0;  // active orders of the buyer in the sale, this one too
  std::vector<Payment> payments;     // of this order, in the order of their recording
};

/// What happens to an order, in one transaction.
struct OrderDecision {
  std::optional<OrderEvent> event = std::nullopt;  // without its seq
  /// Payments to record, or known ones (by their reference) as they are from now on.
  std::vector<Payment> payments = {};
};

/// Holds of one sale in one queue shard.
struct HoldsOf {
  SaleId sale;
  std::int32_t shard = 0;
};

/// What was found of them.
struct ExpiredHolds {
  std::int64_t expired = 0;
  /// More of them may be due.
  bool more = false;
};

/// What happens to orders after their creation. Thread-safe; calls block and throw StorageError.
class OrderEvents {
 public:
  /// Decides about the order as it is (null: there is none of that number). May be called again for
  /// a transaction that is repeated.
  using Decide = std::function<OrderDecision(const OrderFacts*)>;

  virtual ~OrderEvents() = default;

  /// Reads the order while nothing else can happen to it or to its buyer's other orders, and writes
  /// what `decide` says, in one transaction. An order that is active no more gives its unit back to
  /// its sale's unleased ones in the same transaction, and one that becomes active again takes one.
  virtual void change(OrderNumber number, const Decide& decide) = 0;
  /// The database's clock, which says until when orders are held.
  virtual Instant now() = 0;
  /// Expires those held orders whose `pay_by` is not after `due`, in the order of their seq, by
  /// events of that time: at most `most` of them, in one transaction that gives their units back.
  /// Looks at each order once, whoever calls.
  virtual ExpiredHolds expire(const HoldsOf& holds, Instant due, Instant now, std::size_t most) = 0;
  /// Where there may be held orders: each queue shard of each sale with holds, unless the sale was
  /// over, and its last hold had run out, at `over_after`. Looks at sales and leases only.
  virtual std::vector<HoldsOf> holds(Instant over_after) = 0;
  /// In the order in which they happened.
  virtual std::vector<OrderEvent> of_order(OrderNumber number) = 0;
  /// The orders of one queue shard to which something happened behind seq `after`, each as it was
  /// then, in order of that seq: at most `most`.
  virtual std::vector<Order> changed(std::int32_t shard, std::int64_t after, std::size_t most) = 0;

  virtual std::optional<Payment> payment(const std::string& reference) = 0;
  /// Of that order, in the order of their recording.
  virtual std::vector<Payment> payments_of(OrderNumber number) = 0;
};

}  // namespace stampede::repositories
