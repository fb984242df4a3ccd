#pragma once

#include "repositories/orders/order_search.h"
#include "repositories/sql/connection/database.h"

namespace stampede::repositories::sql {

/// Finds orders in SQL, as repositories/orders/order_search.h says. Thread-safe; database outlives
/// it.
class SqlOrderSearch final : public OrderSearch {
 public:
  /// `most_examined` is smaller in tests.
  explicit SqlOrderSearch(Database& database, std::int64_t most_examined = kMostExamined)
      : database_(database), most_examined_(most_examined) {}

  FoundOrders find(const OrderFilter& filter, OrderNumber before, std::size_t limit) override;

 private:
  Database& database_;
  std::int64_t most_examined_;
};

}  // namespace stampede::repositories::sql
