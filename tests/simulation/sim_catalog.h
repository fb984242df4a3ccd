#pragma once

#include <vector>

#include "tests/simulation/sim_database.h"
#include "tests/support/quiet_catalog.h"

namespace stampede::simulation {

/// What quantity control reads beside stock and orders: the one sale, and who is banned.
class SimCatalog final : public test_support::QuietCatalog {
 public:
  SimCatalog(DatabaseClient& client, SimDatabase& database)
      : client_(&client), database_(&database) {}

  std::vector<Sale> sales() override {
    client_->reach();
    std::vector<Sale> sales;
    for (const auto& [id, sale] : database_->store.view().sales) {
      sales.push_back(sale);
      if (client_->planted(Bug::kEndIgnored)) sales.back().ends_at.reset();
    }
    return sales;
  }
  std::vector<Product> products() override {
    client_->reach();
    return {};
  }
  std::optional<repositories::Revisions> poll() override {
    client_->reach();
    return repositories::Revisions{.catalog = database_->catalog, .blacklist = 1 + database_->bans};
  }
  std::vector<BlacklistEntry> list(Instant) override {
    client_->reach();
    std::vector<BlacklistEntry> entries;
    for (const auto& [user, entry] : database_->banned) entries.push_back(entry);
    return entries;
  }

 private:
  DatabaseClient* client_;
  SimDatabase* database_;
};

}  // namespace stampede::simulation
