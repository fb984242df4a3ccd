#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "tests/simulation/actors/sim_database.h"
#include "tests/support/fakes/quiet_catalog.h"

namespace stampede::simulation {

/// What quantity control reads beside stock and orders: the sales, and which buyers are banned.
class SimCatalog final : public test_support::QuietCatalog {
 public:
  SimCatalog(DatabaseClient& client, SimDatabase& database)
      : client_(&client), database_(&database) {}

  repositories::ListedSales sales() override {
    reach(SimDatabase::Part::kSales);
    polled_ = true;
    repositories::ListedSales listed{.revision = database_->catalog, .sales = {}};
    for (const auto& [id, sale] : database_->store.view().sales) {
      listed.sales.push_back(sale);
      if (client_->planted(Bug::kEndIgnored)) listed.sales.back().ends_at.reset();
    }
    return listed;
  }
  std::vector<Product> products() override {
    client_->reach();
    return {};
  }
  std::optional<Sale> sale(SaleId id) override {
    auto sale = QuietCatalog::sale(id);
    polled_ = false;
    return sale;
  }
  std::optional<repositories::Revisions> poll() override {
    reach();
    const bool again = std::exchange(polled_, false);
    if (again && client_->planted(Bug::kBansPolledOnce)) return last_poll_;
    last_poll_ = {.catalog = database_->catalog, .blacklist = database_->bans.revision};
    if (!client_->planted_in_serve(Bug::kBansLate)) return last_poll_;
    return repositories::Revisions{.catalog = database_->catalog, .blacklist = ++told_};
  }
  /// The revision of the bans that were read last; -1: none were.
  std::int64_t bans_listed() const { return bans_listed_; }
  repositories::HeldBans list(Instant) override {
    reach(SimDatabase::Part::kBans);
    bans_listed_ = database_->bans.revision;
    repositories::HeldBans held{.revision = bans_listed_, .entries = {}};
    for (const auto& [user, entry] : database_->bans.entries) held.entries.push_back(entry);
    if (client_->planted_in_serve(Bug::kBansLate)) {
      held = {.revision = told_, .entries = std::exchange(late_, std::move(held.entries))};
    }
    return held;
  }
  repositories::RaisedEpochs epochs_raised(std::int64_t revision, Instant) override {
    reach(SimDatabase::Part::kSessions);
    const auto& ended = database_->sessions;
    const auto newest = static_cast<std::int64_t>(ended.size());
    if (revision > newest) revision = -1;
    repositories::RaisedEpochs raised{.revision = newest, .epochs = {}};
    const bool by_clock = client_->planted(Bug::kSessionsByClock) && revision > 0;
    const auto known = static_cast<std::size_t>(std::max<std::int64_t>(0, revision));
    for (std::size_t i = known; i < ended.size(); ++i) {
      if (by_clock && ended[i].began < ended[known - 1].committed) continue;
      raised.epochs.emplace_back(ended[i].buyer, ended[i].epoch);
    }
    return raised;
  }

 private:
  void reach(SimDatabase::Part part = SimDatabase::Part::kNone) {
    if (database_->between) database_->between();
    client_->reach(part);
  }

  DatabaseClient* client_;
  SimDatabase* database_;
  bool polled_ = false;  // the next poll follows the reading of sales
  std::optional<repositories::Revisions> last_poll_;
  std::int64_t bans_listed_ = -1;
  // Bug::kBansLate alone.
  std::int64_t told_ = 0;             // a revision of its own with each poll
  std::vector<BlacklistEntry> late_;  // of the last time that they were read
};

}  // namespace stampede::simulation
