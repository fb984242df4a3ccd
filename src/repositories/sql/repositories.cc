#include "repositories/sql/repositories.h"

#include "repositories/sql/accounts.h"
#include "repositories/sql/audit.h"
#include "repositories/sql/blacklist.h"
#include "repositories/sql/catalog.h"
#include "repositories/sql/leases.h"
#include "repositories/sql/members.h"
#include "repositories/sql/order_ledger.h"
#include "repositories/sql/orders.h"
#include "repositories/sql/quarantine.h"
#include "repositories/sql/queue_shards.h"

namespace stampede::repositories::sql {

struct Repositories::All {
  explicit All(Database& database)
      : accounts(database),
        audit(database),
        audit_log(database),
        blacklist(database),
        catalog(database),
        leases(database),
        ledger(database),
        members(database),
        orders(database),
        quarantine(database) {}

  SqlAccounts accounts;
  SqlAudit audit;
  SqlAuditLog audit_log;
  SqlBlacklist blacklist;
  SqlCatalog catalog;
  SqlLeases leases;
  SqlOrderLedger ledger;
  SqlMembers members;
  SqlOrders orders;
  SqlQuarantine quarantine;
};

Repositories::Repositories(Database& database)
    : database_(database), all_(std::make_unique<All>(database)) {}
Repositories::~Repositories() = default;

Accounts& Repositories::accounts() const { return all_->accounts; }
Audit& Repositories::audit() const { return all_->audit; }
SqlAuditLog& Repositories::audit_log() const { return all_->audit_log; }
Blacklist& Repositories::blacklist() const { return all_->blacklist; }
Catalog& Repositories::catalog() const { return all_->catalog; }
Leases& Repositories::leases() const { return all_->leases; }
OrderLedger& Repositories::ledger() const { return all_->ledger; }
Members& Repositories::members() const { return all_->members; }
Orders& Repositories::orders() const { return all_->orders; }
Quarantine& Repositories::quarantine() const { return all_->quarantine; }

void Repositories::ensure_shards(std::int32_t shards) { sql::ensure_shards(database_, shards); }

std::unique_ptr<Changes> Repositories::changes() const { return database_.dialect().watch(); }

}  // namespace stampede::repositories::sql
