#pragma once

#include <span>
#include <string>
#include <vector>

#include "repositories/orders/orders.h"
#include "repositories/sql/connection/database.h"

namespace stampede::repositories::sql {

/// Reads orders in SQL, as repositories/orders/orders.h says. Thread-safe; database outlives it.
class SqlOrders final : public Orders {
 public:
  explicit SqlOrders(Database& database) : database_(database) {}

  PurchaseSnapshot purchase(SaleId sale, UserId buyer, const IdempotencyKey& intent,
                            LeaseId lease) override;
  std::vector<OrderLine> of_buyer(UserId buyer, OrderNumber before, std::size_t limit) override;
  std::optional<OrderLine> find(OrderNumber number) override;
  std::vector<Order> since(std::int32_t shard, std::int64_t after, std::size_t most) override;
  std::vector<ShardEnd> newest() override;
  std::vector<std::int64_t> cursors_before_recent(Instant over_after) override;
  RecentSales recent_sales(Instant over_after) override;
  std::vector<Order> numbered(OrderNumber first, OrderNumber last, std::size_t most) override;

  /// Their statements, of which tests ask the database how it would run them.
  static std::string of_buyer_statement(const Dialect& dialect, std::span<const SaleId> sales);
  static std::string recent_sales_statement();
  static std::string numbered_statement();

 private:
  Database& database_;
};

}  // namespace stampede::repositories::sql
