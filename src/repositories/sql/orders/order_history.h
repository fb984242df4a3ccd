#pragma once

#include "repositories/orders/order_history.h"
#include "repositories/sql/connection/database.h"

namespace stampede::repositories::sql {

/// Reads along primary keys alone. Thread-safe; database outlives it.
class SqlOrderHistory final : public OrderHistory {
 public:
  explicit SqlOrderHistory(Database& database) : database_(database) {}

  std::vector<std::int64_t> ends() override;
  HistoryPage since(std::int32_t shard, std::int64_t after, std::size_t most) override;
  std::optional<HistoryEntry> find(std::int32_t shard, std::int64_t seq) override;

 private:
  Database& database_;
};

}  // namespace stampede::repositories::sql
