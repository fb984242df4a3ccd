#pragma once

#include <cstdint>
#include <memory>

#include "repositories/accounts/accounts.h"
#include "repositories/accounts/api_tokens.h"
#include "repositories/accounts/blacklist.h"
#include "repositories/accounts/buyer_search.h"
#include "repositories/accounts/second_factors.h"
#include "repositories/audit.h"
#include "repositories/catalog/catalog.h"
#include "repositories/catalog/pictures.h"
#include "repositories/catalog/samples.h"
#include "repositories/catalog/units.h"
#include "repositories/changes.h"
#include "repositories/leasing/leadership.h"
#include "repositories/leasing/leases.h"
#include "repositories/leasing/members.h"
#include "repositories/orders/order_events.h"
#include "repositories/orders/order_history.h"
#include "repositories/orders/order_search.h"
#include "repositories/orders/order_store.h"
#include "repositories/orders/orders.h"
#include "repositories/orders/quarantine.h"
#include "repositories/sql/connection/database.h"
#include "repositories/webhooks/webhooks.h"

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
  ApiTokens& api_tokens() const;
  Audit& audit() const;
  AuditLog& audit_log() const;
  Blacklist& blacklist() const;
  BuyerSearch& buyer_search() const;
  Catalog& catalog() const;
  Leadership& leadership() const;
  Leases& leases() const;
  OrderStore& order_store() const;
  OrderEvents& order_events() const;
  OrderHistory& order_history() const;
  Members& members() const;
  OrderSearch& order_search() const;
  Orders& orders() const;
  Pictures& pictures() const;
  Quarantine& quarantine() const;
  Samples& samples() const;
  SecondFactors& second_factors() const;
  UnitCounts& units() const;
  Webhooks& webhooks() const;

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
