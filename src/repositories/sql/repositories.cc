#include "repositories/sql/repositories.h"

#include "repositories/sql/accounts/accounts.h"
#include "repositories/sql/accounts/api_tokens.h"
#include "repositories/sql/accounts/blacklist.h"
#include "repositories/sql/accounts/second_factors.h"
#include "repositories/sql/catalog/catalog.h"
#include "repositories/sql/catalog/pictures.h"
#include "repositories/sql/leasing/leadership.h"
#include "repositories/sql/leasing/leases.h"
#include "repositories/sql/leasing/members.h"
#include "repositories/sql/orders/order_events.h"
#include "repositories/sql/orders/order_history.h"
#include "repositories/sql/orders/order_store.h"
#include "repositories/sql/orders/orders.h"
#include "repositories/sql/orders/quarantine.h"
#include "repositories/sql/orders/queue_shards.h"
#include "repositories/sql/search/audit.h"
#include "repositories/sql/search/audit_log.h"
#include "repositories/sql/search/buyer_search.h"
#include "repositories/sql/search/order_search.h"
#include "repositories/sql/search/samples.h"
#include "repositories/sql/search/units.h"
#include "repositories/sql/webhooks/webhooks.h"

namespace stampede::repositories::sql {

struct Repositories::All {
  explicit All(Database& database)
      : accounts(database),
        api_tokens(database),
        audit(database),
        audit_log(database),
        blacklist(database),
        buyer_search(database),
        catalog(database),
        leadership(database),
        leases(database),
        store(database),
        order_events(database),
        order_history(database),
        members(database),
        order_search(database),
        orders(database),
        pictures(database),
        quarantine(database),
        samples(database),
        second_factors(database),
        units(database),
        webhooks(database) {}

  SqlAccounts accounts;
  SqlApiTokens api_tokens;
  SqlAudit audit;
  SqlAuditLog audit_log;
  SqlBlacklist blacklist;
  SqlBuyerSearch buyer_search;
  SqlCatalog catalog;
  SqlLeadership leadership;
  SqlLeases leases;
  SqlOrderStore store;
  SqlOrderEvents order_events;
  SqlOrderHistory order_history;
  SqlMembers members;
  SqlOrderSearch order_search;
  SqlOrders orders;
  SqlPictures pictures;
  SqlQuarantine quarantine;
  SqlSamples samples;
  SqlSecondFactors second_factors;
  SqlUnitCounts units;
  SqlWebhooks webhooks;
};

Repositories::Repositories(Database& database)
    : database_(database), all_(std::make_unique<All>(database)) {}
Repositories::~Repositories() = default;

Accounts& Repositories::accounts() const { return all_->accounts; }
ApiTokens& Repositories::api_tokens() const { return all_->api_tokens; }
Audit& Repositories::audit() const { return all_->audit; }
AuditLog& Repositories::audit_log() const { return all_->audit_log; }
Blacklist& Repositories::blacklist() const { return all_->blacklist; }
BuyerSearch& Repositories::buyer_search() const { return all_->buyer_search; }
Catalog& Repositories::catalog() const { return all_->catalog; }
Leadership& Repositories::leadership() const { return all_->leadership; }
Leases& Repositories::leases() const { return all_->leases; }
OrderStore& Repositories::order_store() const { return all_->store; }
OrderEvents& Repositories::order_events() const { return all_->order_events; }
OrderHistory& Repositories::order_history() const { return all_->order_history; }
Members& Repositories::members() const { return all_->members; }
OrderSearch& Repositories::order_search() const { return all_->order_search; }
Orders& Repositories::orders() const { return all_->orders; }
Pictures& Repositories::pictures() const { return all_->pictures; }
Quarantine& Repositories::quarantine() const { return all_->quarantine; }
Samples& Repositories::samples() const { return all_->samples; }
SecondFactors& Repositories::second_factors() const { return all_->second_factors; }
UnitCounts& Repositories::units() const { return all_->units; }
Webhooks& Repositories::webhooks() const { return all_->webhooks; }

void Repositories::ensure_shards(std::int32_t shards) { sql::ensure_shards(database_, shards); }

std::unique_ptr<Changes> Repositories::changes() const { return database_.dialect().watch(); }

}  // namespace stampede::repositories::sql
