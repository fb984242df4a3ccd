#include "repositories/sql/repositories.h"

#include "repositories/sql/accounts.h"
#include "repositories/sql/audit.h"
#include "repositories/sql/blacklist.h"
#include "repositories/sql/catalog.h"
#include "repositories/sql/leases.h"
#include "repositories/sql/order_ledger.h"
#include "repositories/sql/orders.h"

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
        orders(database) {}

  SqlAccounts accounts;
  SqlAudit audit;
  SqlAuditLog audit_log;
  SqlBlacklist blacklist;
  SqlCatalog catalog;
  SqlLeases leases;
  SqlOrderLedger ledger;
  SqlOrders orders;
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
Orders& Repositories::orders() const { return all_->orders; }

std::unique_ptr<Changes> Repositories::changes() const { return database_.dialect().watch(); }

}  // namespace stampede::repositories::sql
