#pragma once

#include <memory>

#include "repositories/order_ledger.h"
#include "repositories/sql/connection/database.h"

namespace stampede::repositories::sql {

/// Prepares its statements once for each connection and keeps them. Of one database at most one
/// consumer holds a transaction at a time; begin() waits for its turn.
class SqlOrderLedger final : public OrderLedger {
 public:
  explicit SqlOrderLedger(Database& database);
  ~SqlOrderLedger() override;

  std::unique_ptr<LedgerTransaction> begin() override;

  class Statements;

 private:
  Database& database_;
  std::unique_ptr<Statements> statements_;  // those of the writer's session; made in its turn
};

}  // namespace stampede::repositories::sql
