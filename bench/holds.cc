// How fast orders are held, paid, expired and sold again: OrderWriter and HoldExpiry as the
// consumer and the leader run them, and a payment for each tenth order. On SQLite in the temporary
// folder, or on a MariaDB. All by one thread; each batch, and each payment, is on the disk before
// the next. Prints each per second. bench/holds runs both.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "repositories/sql/repositories.h"
#include "services/orders/hold_expiry.h"
#include "services/orders/order_changes.h"
#include "services/orders/order_writer.h"

namespace stampede {
namespace {

using repositories::sql::Database;
using repositories::sql::MariadbOptions;
using repositories::sql::Repositories;
using Clock = std::chrono::steady_clock;

constexpr std::int64_t kPriceCents = 1'900;
constexpr std::int64_t kPaidEvery = 10;

struct Options {
  MariadbOptions database{.readers = 1};  // without an address: SQLite
  std::int64_t orders = 100'000;
  std::int64_t batch = 1'000;
};

/// Calls `work`, which does `count` of something, and says how many a second.
void print_rate(const char* what, std::int64_t count, const auto& work) {
  const auto begun = Clock::now();
  work();
  const std::chrono::duration<double> took = Clock::now() - begun;
  fmt::print("{:8} {:10.0f} a second\n", what, static_cast<double>(count) / took.count());
}

class Shop {
 public:
  Shop(Database& database, const Options& options) : options_(options), repositories_(database) {
    repositories_.ensure_shards(1);
    repositories_.accounts().ensure_range({1}, {2 * options.orders}, {});
    const auto product = repositories_.catalog().add_product({.name = "product"}, {});
    sale_ = *repositories_.catalog().create_sale({.id = {},
                                                  .product = product,
                                                  .price_cents = kPriceCents,
                                                  .quantity = options.orders,
                                                  .starts_at = {},
                                                  .ends_at = {},
                                                  .hold = Sale::kShortestHold},
                                                 {});
  }

  /// To buyers from `first` on; each order must become a held one.
  void sell(std::int64_t first, std::int64_t count) {
    const auto lease = repositories_.leases().grant(sale_, count, {});
    services::orders::OrderWriter writer(repositories_.order_store(), 0);
    std::vector<queue::Message> batch;
    for (std::int64_t i = 0; i < count;) {
      batch.clear();
      for (; i < count && std::ssize(batch) < options_.batch; ++i) {
        batch.emplace_back(
            Purchase{.sale = sale_,
                     .buyer = {first + i},
                     .intent = *IdempotencyKey::parse(fmt::format("{:024}", first + i)),
                     .lease = lease.value(),
                     .created_at = {}});
      }
      for (const Order& order : writer.write(batch).orders) {
        if (order.status != OrderStatus::kHeld) throw std::logic_error("an order is not held");
        if (order.number.value % kPaidEvery == 0) to_pay_.push_back(order.number);
      }
    }
  }

  void pay() {
    services::orders::OrderChanges changes(repositories_.order_events());
    for (const OrderNumber number : to_pay_) {
      const auto paid =
          changes.pay(number, {fmt::format("bench:{}", number.value), kPriceCents}, "bench", {});
      if (!paid) throw std::logic_error(paid.error());
    }
  }
  std::int64_t to_pay() const { return std::ssize(to_pay_); }

  /// As HoldExpiry does it, an hour later.
  void expire(std::int64_t count) {
    auto& events = repositories_.order_events();
    const Instant due = events.now() + std::chrono::hours{1};
    std::int64_t expired = 0;
    for (bool more = true; more;) {
      const auto found = events.expire({sale_, 0}, due, due, services::orders::HoldExpiry::kAtOnce);
      expired += found.expired;
      more = found.more;
    }
    if (expired != count) throw std::logic_error("other holds expired than are due");
  }

 private:
  const Options& options_;
  Repositories repositories_;
  SaleId sale_;
  std::vector<OrderNumber> to_pay_;
};

void run(Database& database, const Options& options) {
  Shop shop(database, options);
  print_rate("held", options.orders, [&] { shop.sell(1, options.orders); });
  const std::int64_t paid = shop.to_pay();
  const std::int64_t expired = options.orders - paid;
  print_rate("paid", paid, [&] { shop.pay(); });
  print_rate("expired", expired, [&] { shop.expire(expired); });
  print_rate("resold", expired, [&] { shop.sell(options.orders + 1, expired); });
}

void run_on_sqlite(const Options& options) {
  const auto folder = std::filesystem::temp_directory_path() /
                      fmt::format("stampede-holds-{}", std::random_device{}());
  std::filesystem::create_directories(folder);
  {
    Database database({.path = folder / "holds.db"});
    run(database, options);
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace stampede

int main(int argc, char** argv) {
  stampede::Options options;
  CLI::App app{"orders held, paid, expired and sold again per second"};
  app.add_option("--address", options.database.address,
                 "of a MariaDB: host:port or the path of a socket; without it, SQLite");
  app.add_option("--user", options.database.user);
  app.add_option("--password", options.database.password);
  app.add_option("--database", options.database.database, "an empty one");
  app.add_option("--orders", options.orders)->check(CLI::PositiveNumber);
  app.add_option("--batch", options.batch, "orders a commit")->check(CLI::PositiveNumber);
  CLI11_PARSE(app, argc, argv);
  if (app.count("--address") == 0) {
    stampede::run_on_sqlite(options);
    return 0;
  }
  stampede::repositories::sql::Database database(options.database);
  stampede::run(database, options);
}
