#pragma once

#include <atomic>
#include <stdexcept>

#include "queue/local/local_queue.h"
#include "repositories/memory/memory_ledger.h"
#include "repositories/storage_error.h"
#include "services/leasing/quantity_control.h"

namespace stampede::test_support {

/// What quantity control reads beside stock and orders: the sales of a ledger, and nothing else.
class FakeCatalog final : public repositories::Catalog,
                          public repositories::Blacklist,
                          public repositories::Accounts,
                          public repositories::Changes {
 public:
  explicit FakeCatalog(const repositories::memory::MemoryLedger& ledger) : ledger_(&ledger) {}

  std::vector<Sale> sales() override {
    std::vector<Sale> sales;
    for (const auto& [id, sale] : ledger_->state().sales) sales.push_back(sale);
    return sales;
  }
  std::optional<Sale> sale(SaleId id) override {
    for (const Sale& sale : sales()) {
      if (sale.id == id) return sale;
    }
    return std::nullopt;
  }
  std::optional<repositories::Revisions> poll() override {
    if (away) {
      throw repositories::StorageError(repositories::StorageError::Kind::kUnreachable, "away");
    }
    return repositories::Revisions{.catalog = 1, .blacklist = 1};
  }
  void put(std::span<const BlacklistEntry>) override {}
  std::vector<BlacklistEntry> list(Instant) override { return {}; }
  std::vector<std::pair<UserId, SessionEpoch>> epochs_raised(Instant) override { return {}; }

  // Nobody asks for these.
  ProductId add_product(const ProductFacts&, Instant) override { unused(); }
  bool change_product(ProductId, const ProductFacts&) override { unused(); }
  std::vector<Product> products() override { unused(); }
  std::optional<Product> product(ProductId) override { unused(); }
  std::expected<SaleId, repositories::CreateSaleError> create_sale(const Sale&, Instant) override {
    unused();
  }
  std::expected<void, repositories::ChangeSaleError> change_sale(const Sale&, std::int64_t,
                                                                 Instant) override {
    unused();
  }
  std::expected<std::int64_t, repositories::AddStockError> add_stock(
      const repositories::StockAddition&, Instant) override {
    unused();
  }
  bool end_sale(SaleId, Instant) override { unused(); }
  bool remove(UserId) override { unused(); }
  std::expected<UserId, NameTaken> create(std::string_view, std::string_view, UserRole,
                                          Instant) override {
    unused();
  }
  std::optional<User> find(UserId) override { unused(); }
  std::optional<User> find_by_name(std::string_view) override { unused(); }
  std::vector<User> list(UserId, std::size_t) override { unused(); }
  std::optional<SessionEpoch> raise_epoch(UserId, Instant) override { unused(); }
  std::optional<SessionEpoch> set_password(UserId, std::string_view, Instant) override { unused(); }
  std::vector<SessionEpoch> ensure_range(UserId, UserId, Instant) override { unused(); }

  std::atomic<bool> away = false;  // the database

 private:
  [[noreturn]] static void unused() { throw std::logic_error("not faked"); }

  const repositories::memory::MemoryLedger* ledger_;
};

/// Quantity control on a database in memory.
struct FakeQuantity {
  static constexpr SaleId kSale{1};

  FakeQuantity() {
    ledger.add_sale({.id = kSale, .product = ProductId{1}, .price_cents = 100, .quantity = 10});
  }

  repositories::memory::MemoryLedger ledger;
  FakeCatalog catalog{ledger};
  queue::local::LocalQueue markers{100};
  services::leasing::QuantityControl control{{.leases = ledger,
                                              .members = ledger,
                                              .orders = ledger,
                                              .catalog = catalog,
                                              .blacklist = catalog,
                                              .accounts = catalog,
                                              .changes = catalog,
                                              .markers = markers},
                                             {}};
};

inline peers::Heartbeat heartbeat_of(const std::string& node,
                                     const std::string& incarnation = "0123456789abcdef") {
  peers::Heartbeat heartbeat{.member = {node, "127.0.0.1:8083", incarnation}};
  heartbeat.counters = {{"answers", 5}};
  return heartbeat;
}

}  // namespace stampede::test_support
