#pragma once

#include <optional>
#include <vector>

#include "model/catalog/sale.h"
#include "model/orders/order.h"
#include "model/orders/shard_end.h"

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

/// The sales whose buyers a starting process must know, and where their orders are.
struct RecentSales {
  std::vector<SaleId> sales;  // ascending
  OrderNumber first;          // none of their orders has a smaller number
  OrderNumber last;           // the newest order of all when this was read; 0: there is none
};

/// Reads orders. Thread-safe; calls block.
class Orders {
 public:
  virtual ~Orders() = default;

  /// One row: the outcome of one intent, in the same snapshot as the lease it was queued from.
  virtual PurchaseSnapshot purchase(SaleId sale, UserId buyer, const IdempotencyKey& intent,
                                    LeaseId lease) = 0;
  /// Orders of one buyer that have not failed, cancelled ones too, newest first, at most `limit`,
  /// numbers below `before` if it is set.
  virtual std::vector<OrderLine> of_buyer(UserId buyer, OrderNumber before, std::size_t limit) = 0;
  virtual std::optional<OrderLine> find(OrderNumber number) = 0;
  /// Orders of one queue shard, failed ones too, and orders to which something happened, each as it
  /// was then, with a seq above `after`: in order of seq, at most `most`. A seq is committed before
  /// any later one of its shard, so a cursor over it skips nothing.
  virtual std::vector<Order> since(std::int32_t shard, std::int64_t after, std::size_t most) = 0;
  /// Where the orders of each queue shard end, in order.
  virtual std::vector<ShardEnd> newest() = 0;
  /// For each queue shard, in order, a seq that comes before every order of the sales that were not
  /// over at `over_after` (kRetention): where a process that knows no orders begins to read by
  /// since(). Looks at sales and leases only.
  virtual std::vector<std::int64_t> cursors_before_recent(Instant over_after) = 0;
  /// The sales that were not over at `over_after`. Looks at sales and leases only.
  virtual RecentSales recent_sales(Instant over_after) = 0;
  /// Orders of any sale as they are now, failed ones too, numbered `first` to `last`: in order of
  /// number, at most `most`.
  virtual std::vector<Order> numbered(OrderNumber first, OrderNumber last, std::size_t most) = 0;
};

}  // namespace stampede::repositories
