#pragma once

#include <cstdint>
#include <memory>

#include "repositories/accounts.h"
#include "repositories/audit.h"
#include "repositories/blacklist.h"
#include "repositories/buyer_search.h"
#include "repositories/catalog.h"
#include "repositories/changes.h"
#include "repositories/leadership.h"
#include "repositories/leases.h"
#include "repositories/members.h"
#include "repositories/order_events.h"
#include "repositories/order_search.h"
#include "repositories/order_store.h"
#include "repositories/orders.h"
#include "repositories/pictures.h"
#include "repositories/quarantine.h"
#include "repositories/samples.h"
#include "repositories/second_factors.h"
#include "repositories/sql/connection/database.h"
#include "repositories/units.h"

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
  AuditLog& audit_log() const;
  Blacklist& blacklist() const;
  BuyerSearch& buyer_search() const;
  Catalog& catalog() const;
  Leadership& leadership() const;
  Leases& leases() const;
  OrderStore& order_store() const;
  OrderEvents& order_events() const;
  Members& members() const;
  OrderSearch& order_search() const;
  Orders& orders() const;
  Pictures& pictures() const;
  Quarantine& quarantine() const;
  Samples& samples() const;
  SecondFactors& second_factors() const;
  UnitCounts& units() const;

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
