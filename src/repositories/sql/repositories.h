#pragma once

#include <cstdint>
#include <memory>

#include "repositories/accounts.h"
#include "repositories/audit.h"
#include "repositories/blacklist.h"
#include "repositories/catalog.h"
#include "repositories/changes.h"
#include "repositories/leases.h"
#include "repositories/members.h"
#include "repositories/order_ledger.h"
#include "repositories/orders.h"
#include "repositories/quarantine.h"
#include "repositories/sql/audit_log.h"
#include "repositories/sql/database.h"

namespace stampede::repositories::sql {

/// Every repository over one database, as app/ hands them to the services. The database outlives
/// it. Thread-safe, as each repository says of itself.
class Repositories {
 public:
  explicit Repositories(Database& database);
  ~Repositories();
  Repositories(const Repositories&) = delete;
  Repositories& operator=(const Repositories&) = delete;

  Accounts& accounts() const;
  Audit& audit() const;
  SqlAuditLog& audit_log() const;
  Blacklist& blacklist() const;
  Catalog& catalog() const;
  Leases& leases() const;
  OrderLedger& ledger() const;
  Members& members() const;
  Orders& orders() const;
  Quarantine& quarantine() const;

  /// As ensure_shards() of queue_shards.h.
  void ensure_shards(std::int32_t shards);

  /// A watcher of its own connection; one for each thread that wants to know.
  std::unique_ptr<Changes> changes() const;

 private:
  struct All;
  Database& database_;
  std::unique_ptr<All> all_;
};

}  // namespace stampede::repositories::sql
