#pragma once

#include "repositories/orders.h"
#include "repositories/sql/database.h"

namespace stampede::repositories::sql {

class SqlOrders final : public Orders {
 public:
  explicit SqlOrders(Database& database) : database_(database) {}

  PurchaseSnapshot purchase(SaleId sale, UserId buyer, const IdempotencyKey& intent,
                            LeaseId lease) override;
  std::vector<OrderLine> of_buyer(UserId buyer, OrderNumber before, std::size_t limit) override;
  std::optional<OrderLine> find(OrderNumber number) override;
  std::vector<Order> since(std::int32_t shard, std::int64_t after, std::size_t most) override;
  std::vector<std::int64_t> newest() override;
  std::vector<std::int64_t> cursors_before_recent(Instant ended_after) override;
  void for_each_recent(Instant ended_after,
                       const std::function<void(const Order&)>& visit) override;

 private:
  Database& database_;
};

}  // namespace stampede::repositories::sql
