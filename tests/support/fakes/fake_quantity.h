#pragma once

#include <atomic>

#include "queue/local/local_queue.h"
#include "repositories/memory/memory_store.h"
#include "repositories/storage_error.h"
#include "services/leasing/quantity_control.h"
#include "tests/support/fakes/quiet_catalog.h"

namespace stampede::test_support {

/// What quantity control reads beside stock and orders: the sales of a store, and nothing else.
class FakeCatalog final : public QuietCatalog {
 public:
  explicit FakeCatalog(const repositories::memory::MemoryStore& store) : store_(&store) {}

  repositories::ListedSales sales() override {
    reach();
    repositories::ListedSales listed{.revision = 1, .sales = {}};
    for (const auto& [id, sale] : store_->state().sales) listed.sales.push_back(sale);
    return listed;
  }
  std::optional<repositories::Revisions> poll() override {
    reach();
    return repositories::Revisions{.catalog = 1, .blacklist = 1};
  }
  repositories::HeldBans list(Instant) override {
    reach();
    return {.revision = 1, .entries = {}};
  }

  std::atomic<bool> away = false;  // the database

 private:
  void reach() const {
    if (!away) return;
    throw repositories::StorageError(repositories::StorageError::Kind::kUnreachable, "away");
  }

  const repositories::memory::MemoryStore* store_;
};

/// Quantity control on a database in memory; leads from the beginning, which is `now`, also by the
/// database's clock.
struct FakeQuantity {
  static constexpr SaleId kSale{1};

  explicit FakeQuantity(Now now) {
    store.add_sale({.id = kSale, .product = ProductId{1}, .price_cents = 100, .quantity = 10});
    lead(control, now);
  }

  services::leasing::QuantityControl::Parts parts(const std::string& holder) {
    return {.holder = holder,
            .leadership = store,
            .leases = store,
            .grants = store,
            .members = store,
            .orders = store,
            .catalog = catalog,
            .blacklist = catalog,
            .accounts = catalog,
            .changes = catalog,
            .markers = markers};
  }
  /// One round of the schedule, on a database whose clock shows the same time.
  void lead(services::leasing::QuantityControl& process, Now now) {
    store.set_clock(now.wall);
    if (process.lead(now)) process.recover(now);
  }

  repositories::memory::MemoryStore store;
  FakeCatalog catalog{store};
  queue::local::LocalQueue markers{100};
  /// Its term outlasts every test.
  services::leasing::QuantityControl control{parts("quantity/1"),
                                             {.lead = std::chrono::hours{1'000'000}}};
};

inline peers::Heartbeat heartbeat_of(const std::string& node,
                                     const std::string& incarnation = "0123456789abcdef") {
  peers::Heartbeat heartbeat{.member = {node, "127.0.0.1:8083", incarnation}};
  heartbeat.counts = CheckCounts{};
  heartbeat.counts->answers[0] = 5;
  return heartbeat;
}

}  // namespace stampede::test_support
