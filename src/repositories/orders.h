#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "model/order.h"
#include "model/sale.h"

namespace stampede::repositories {

/// A purchase as one snapshot of the database shows it.
struct PurchaseSnapshot {
  std::optional<Order> order;  // the row, if there is one
  bool lease_open = false;     // the lease asked about exists and is not closed
};

/// An order with what a buyer's page shows of it.
struct OrderLine {
  Order order;
  ProductId product;
  std::string product_name;
  std::int64_t price_cents = 0;
};

/// Reads orders. Thread-safe; calls block.
class Orders {
 public:
  virtual ~Orders() = default;

  /// One row: the outcome of one intent, in the same snapshot as the lease it was queued from.
  virtual PurchaseSnapshot purchase(SaleId sale, UserId buyer, const IdempotencyKey& intent,
                                    LeaseId lease) = 0;
  /// Live orders of one buyer, newest first, at most `limit`, numbers below `before` if it is set.
  virtual std::vector<OrderLine> of_buyer(UserId buyer, OrderNumber before, std::size_t limit) = 0;
  virtual std::optional<OrderLine> find(OrderNumber number) = 0;
  /// Orders of one queue shard, failed ones too, with a seq above `after`: in order of seq, at most
  /// `most`. A seq is committed before any later one of its shard, so a cursor over it skips
  /// nothing.
  virtual std::vector<Order> since(std::int32_t shard, std::int64_t after, std::size_t most) = 0;
  /// The seq of the last order of each queue shard, in order.
  virtual std::vector<std::int64_t> newest() = 0;
  /// For each queue shard, in order, a seq that comes before every order of the sales that had not
  /// ended at `ended_after`: where since() begins for who knows nothing.
  virtual std::vector<std::int64_t> cursors_before_recent(Instant ended_after) = 0;
  /// Every order, failed ones too, of the sales that had not ended at `ended_after`, in order of
  /// number: what a starting validator must know.
  virtual void for_each_recent(Instant ended_after,
                               const std::function<void(const Order&)>& visit) = 0;
};

}  // namespace stampede::repositories
