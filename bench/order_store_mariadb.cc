// How fast batches of purchases become rows of MariaDB: OrderWriter as the consumer runs it, each
// queue shard with connections of its own, each batch committed before the next. Buyers are new and
// in random order. Prints rows per second; with --plain it writes instead, as SQL, multi-row
// INSERTs of the very same rows, each one commit, for the command line client.
// bench/order_store_mariadb runs both.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <latch>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "repositories/sql/repositories.h"
#include "services/orders/order_writer.h"

namespace stampede {
namespace {

using queue::Message;
using repositories::sql::Database;
using repositories::sql::MariadbOptions;
using repositories::sql::Repositories;
using Clock = std::chrono::steady_clock;

struct Options {
  MariadbOptions database{.readers = 1};
  std::int64_t rows = 200'000;
  std::int64_t batch = 2'000;
  std::int32_t shards = 4;
  std::string plain;
};

std::vector<Purchase> purchases_of(SaleId sale, LeaseId lease, std::int64_t rows) {
  std::vector<Purchase> purchases;
  for (std::int64_t i = 1; i <= rows; ++i) {
    purchases.push_back({.sale = sale,
                         .buyer = {i},
                         .intent = *IdempotencyKey::parse(fmt::format("{:024}", i)),
                         .lease = lease,
                         .created_at = Instant{std::chrono::milliseconds{1'790'000'000'000 + i}}});
  }
  std::ranges::shuffle(purchases, std::mt19937_64{1});
  return purchases;
}

void write_plain(const Options& options) {
  std::ofstream file(options.plain);
  std::int64_t seq = 0;
  for (const Purchase& purchase : purchases_of({1}, {1}, options.rows)) {
    file << (seq % options.batch == 0
                 ? "INSERT INTO orders (number, sale, buyer, intent, slot, lease, status, reason, "
                   "seq, created_at) VALUES "
                 : ",");
    ++seq;
    file << fmt::format("({},1,{},'{}',1,1,'success','',{},{})", seq, purchase.buyer.value,
                        purchase.intent.text(), seq,
                        purchase.created_at.time_since_epoch().count());
    if (seq % options.batch == 0 || seq == options.rows) file << ";\n";
  }
  if (!file.flush()) throw std::runtime_error("cannot write " + options.plain);
}

/// One sale with a lease for each shard, and every buyer.
std::vector<LeaseId> open_sale(const Options& options, Repositories& repositories) {
  repositories.ensure_shards(options.shards);
  repositories.accounts().ensure_range({1}, {options.rows}, {});
  const auto product = repositories.catalog().add_product({.name = "product"}, {});
  const auto sale = repositories.catalog().create_sale({.id = {},
                                                        .product = product,
                                                        .quantity = options.rows * options.shards,
                                                        .starts_at = {},
                                                        .ends_at = {}},
                                                       {});
  std::vector<LeaseId> leases;
  for (std::int32_t i = 0; i < options.shards; ++i) {
    leases.push_back(*repositories.leases().grant(*sale, options.rows, {}));
  }
  return leases;
}

/// Writes its share of the purchases.
void consume(const Options& options, std::int32_t shard, const std::vector<Purchase>& purchases,
             LeaseId lease, std::latch& ready) {
  Database database(options.database);
  Repositories repositories(database);
  services::orders::OrderWriter writer(repositories.order_store(), shard);
  std::vector<Message> batch;
  ready.arrive_and_wait();
  for (std::size_t i = static_cast<std::size_t>(shard); i < purchases.size();) {
    batch.clear();
    for (; i < purchases.size() && std::ssize(batch) < options.batch;
         i += static_cast<std::size_t>(options.shards)) {
      Purchase purchase = purchases[i];
      purchase.lease = lease;
      batch.emplace_back(purchase);
    }
    for (const Order& order : writer.write(batch).orders) {
      if (!order.active()) throw std::logic_error("an order failed");
    }
  }
}

void run(const Options& options) {
  Database database(options.database);
  Repositories repositories(database);
  const auto leases = open_sale(options, repositories);
  const auto purchases = purchases_of({1}, {}, options.rows);
  std::latch ready(options.shards + 1);
  Clock::time_point begun;
  {
    std::vector<std::jthread> consumers;
    for (std::int32_t shard = 0; shard < options.shards; ++shard) {
      consumers.emplace_back([&, shard] {
        consume(options, shard, purchases, leases[static_cast<std::size_t>(shard)], ready);
      });
    }
    ready.arrive_and_wait();
    begun = Clock::now();
  }
  const std::chrono::duration<double> took = Clock::now() - begun;
  fmt::print("{:.0f}\n", static_cast<double>(options.rows) / took.count());
}

}  // namespace
}  // namespace stampede

int main(int argc, char** argv) {
  stampede::Options options;
  CLI::App app{"rows per second from batches of purchases into MariaDB"};
  app.add_option("--address", options.database.address, "host:port or the path of a socket");
  app.add_option("--user", options.database.user);
  app.add_option("--password", options.database.password);
  app.add_option("--database", options.database.database, "an empty one");
  app.add_option("--rows", options.rows)->check(CLI::PositiveNumber);
  app.add_option("--batch", options.batch, "rows a commit")->check(CLI::PositiveNumber);
  app.add_option("--shards", options.shards)->check(CLI::Range(1, 16));
  app.add_option("--plain", options.plain, "write this file of plain INSERTs, and do no more");
  CLI11_PARSE(app, argc, argv);
  if (options.plain.empty()) {
    stampede::run(options);
  } else {
    stampede::write_plain(options);
  }
}
