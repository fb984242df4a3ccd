#pragma once

#include <stdexcept>

#include "repositories/accounts.h"
#include "repositories/blacklist.h"
#include "repositories/catalog.h"
#include "repositories/changes.h"
#include "tests/simulation/sim_database.h"

namespace stampede::simulation {

/// What quantity control reads beside stock and orders: the one sale, and who is banned.
class SimCatalog final : public repositories::Catalog,
                         public repositories::Blacklist,
                         public repositories::Accounts,
                         public repositories::Changes {
 public:
  SimCatalog(DatabaseClient& client, SimDatabase& database)
      : client_(&client), database_(&database) {}

  std::vector<Sale> sales() override {
    client_->reach();
    std::vector<Sale> sales;
    for (const auto& [id, sale] : database_->ledger.state().sales) sales.push_back(sale);
    return sales;
  }
  std::optional<Sale> sale(SaleId id) override {
    for (const Sale& sale : sales()) {
      if (sale.id == id) return sale;
    }
    return std::nullopt;
  }
  std::optional<repositories::Revisions> poll() override {
    client_->reach();
    return repositories::Revisions{.catalog = 1, .blacklist = 1 + database_->bans};
  }
  void put(std::span<const BlacklistEntry>) override {}
  std::vector<BlacklistEntry> list(Instant) override {
    client_->reach();
    std::vector<BlacklistEntry> entries;
    for (const auto& [user, entry] : database_->banned) entries.push_back(entry);
    return entries;
  }
  std::vector<std::pair<UserId, SessionEpoch>> epochs_raised(Instant) override { return {}; }

  // Nobody here asks for these.
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

 private:
  [[noreturn]] static void unused() { throw std::logic_error("not simulated"); }

  DatabaseClient* client_;
  SimDatabase* database_;
};

}  // namespace stampede::simulation
