#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "repositories/orders/order_search.h"
#include "repositories/sql/repositories.h"
#include "tests/support/servers/mariadb.h"
#include "tests/support/temp_dir.h"

/// What the tests of this room share.
namespace stampede::repositories::sql {

inline Instant at(std::int64_t milliseconds) {
  return Instant{std::chrono::milliseconds{milliseconds}};
}

inline IdempotencyKey key(std::int64_t n) {
  return *IdempotencyKey::parse(fmt::format("intent-{:016}", n));
}

/// The StorageError that `work` throws.
template <class Work>
std::optional<StorageError> error_of(Work work) {
  try {
    work();
  } catch (const StorageError& error) {
    return error;
  }
  return std::nullopt;
}

enum class Engine { kSqlite, kMariadb };
inline std::ostream& operator<<(std::ostream& out, Engine engine) {
  return out << (engine == Engine::kSqlite ? "Sqlite" : "Mariadb");
}

/// Where a new database is. Each open() is another process's view of it.
class TestStorage {
 public:
  explicit TestStorage(Engine engine) {
    if (engine == Engine::kMariadb) mariadb_.emplace();
  }

  std::unique_ptr<Database> open() const {
    if (mariadb_) return std::make_unique<Database>(mariadb_options());
    return std::make_unique<Database>(SqliteOptions{.path = file()});
  }
  std::filesystem::path file() const { return folder_.path() / "a shop.db"; }
  MariadbOptions mariadb_options() const { return options_of(*mariadb_); }

  static MariadbOptions options_of(const test_support::MariadbDatabase& database) {
    return {.address = database.server().address(),
            .user = test_support::MariadbServer::kUser,
            .password = test_support::MariadbServer::kPassword,
            .database = database.name(),
            .readers = 2};
  }

 private:
  test_support::TempDir folder_;
  std::optional<test_support::MariadbDatabase> mariadb_;
};

/// A new database with its repositories.
struct TestShop {
  explicit TestShop(Engine engine = Engine::kSqlite) : storage(engine) {}

  TestStorage storage;
  std::unique_ptr<Database> opened = storage.open();
  Database& database = *opened;
  Repositories repositories{database};

  Accounts& accounts() { return repositories.accounts(); }
  SecondFactors& second_factors() { return repositories.second_factors(); }
  Catalog& catalog() { return repositories.catalog(); }
  Leases& leases() { return repositories.leases(); }
  Orders& orders() { return repositories.orders(); }
  /// Of the one process that leads in this database.
  const Term& term() {
    if (!taken) taken = repositories.leadership().take("test", 0, std::chrono::hours{1});
    return *taken;
  }
  std::optional<Term> taken;

  /// A sale of a new product that is on from 1000 on.
  SaleId sell(std::int64_t quantity, std::int32_t limit = 1,
              std::optional<Instant> ends_at = std::nullopt) {
    const auto product = catalog().add_product({.name = "Trainers", .description = "Red"}, at(1));
    return *catalog().create_sale({.id = {},
                                   .product = product,
                                   .price_cents = 9'900,
                                   .quantity = quantity,
                                   .per_buyer_limit = limit,
                                   .starts_at = at(1'000),
                                   .ends_at = ends_at},
                                  at(2));
  }

  /// Commits those orders in one transaction, charging `lease` for the active ones; their numbers
  /// count on from the shard's.
  std::vector<Order> commit(std::vector<Order> orders) {
    auto transaction = repositories.order_store().begin();
    auto seq = transaction->lock_shard(0).end.seq;
    for (auto& order : orders) {
      order.seq = ++seq;
      order.number = {seq};
      if (order.active()) transaction->charge({order.lease, 1});
    }
    transaction->insert(orders);
    transaction->advance_shard(0, {.seq = seq});
    transaction->commit();
    return orders;
  }
};

/// Of tests that hold whatever the database is.
struct OnEveryEngine : testing::TestWithParam<Engine> {
  TestShop shop{GetParam()};
};
inline auto every_engine() { return testing::Values(Engine::kSqlite, Engine::kMariadb); }

inline Order success(SaleId sale, LeaseId lease, std::int64_t buyer, std::int32_t slot = 1) {
  return {.number = {},
          .sale = sale,
          .buyer = {buyer},
          .intent = key(buyer * 100 + slot),
          .slot = slot,
          .lease = lease,
          .created_at = at(5'000)};
}

inline Order failure(SaleId sale, LeaseId lease, std::int64_t buyer, FailureReason reason) {
  return {.number = {},
          .sale = sale,
          .buyer = {buyer},
          .intent = key(buyer * 100 + 99),
          .slot = std::nullopt,
          .lease = lease,
          .status = OrderStatus::kFailed,
          .reason = reason,
          .created_at = at(5'000)};
}

/// Searches for orders by each member of a filter and by several, for what is there and what is
/// not.
inline std::vector<OrderFilter> filters_of_every_kind(SaleId first, SaleId last) {
  const Instant never = at(100'000'000'000);
  return {{},
          {.number = {77}},
          {.sale = first},
          {.sale = last},
          {.sale = {99}},
          {.buyer = {5}},
          {.buyer = {999'999'999}},
          {.status = OrderStatus::kFailed},
          {.from = never},
          {.to = at(0)},
          {.sale = first, .status = OrderStatus::kFailed},
          {.sale = first, .from = never},
          {.sale = first, .buyer = {5}, .to = at(0)}};
}
inline std::string words_of(const OrderFilter& filter, OrderNumber before) {
  return fmt::format("sale {} buyer {} before {}", filter.sale.value, filter.buyer.value,
                     before.value);
}

}  // namespace stampede::repositories::sql
