#pragma once

#include <memory>

#include "repositories/orders/order_store.h"
#include "repositories/sql/connection/database.h"

namespace stampede::repositories::sql {

/// Prepares its statements once for each connection and keeps them. Of one database at most one
/// consumer holds a transaction at a time; begin() waits for its turn, and is thread-safe; a
/// transaction belongs to one thread. `database` outlives both.
class SqlOrderStore final : public OrderStore {
 public:
  explicit SqlOrderStore(Database& database);
  ~SqlOrderStore() override;

  std::unique_ptr<OrderTransaction> begin() override;

  class Statements;

 private:
  Database& database_;
  std::unique_ptr<Statements> statements_;  // those of the writer's session; made in its turn
};

}  // namespace stampede::repositories::sql
