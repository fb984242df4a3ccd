// How fast the order consumer's whole transaction commits: begin, lock_leases, lock_shard,
// orders_of, insert, charge, advance_shard, commit, for batches of new buyers in random order, each
// batch on the disk before the next. Prints rows of: batch, orders/s, where the time went.
//
//   order_store [orders per run = 300000] [folder = the temporary folder]
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "repositories/sql/repositories.h"

namespace stampede {
namespace {

using repositories::sql::Database;
using repositories::sql::Repositories;
using Clock = std::chrono::steady_clock;

struct Figures {
  Clock::duration orders_of{}, insert{}, commit{}, all{}, slowest_commit{};
};

class Consumer {
 public:
  Consumer(repositories::OrderStore& store, SaleId sale, LeaseId lease)
      : store_(store), sale_(sale), lease_(lease) {}

  void commit(const std::vector<UserId>& buyers, Figures& figures) {
    const auto begun = Clock::now();
    pairs_.clear();
    for (const auto buyer : buyers) pairs_.push_back({sale_, buyer});
    std::ranges::sort(pairs_);

    auto transaction = store_.begin();
    transaction->lock_leases({&lease_, 1});
    ShardEnd end = transaction->lock_shard(0).end;
    const auto asked = Clock::now();
    if (!transaction->orders_of(pairs_).empty()) std::abort();  // they are all new
    const auto answered = Clock::now();

    orders_.clear();
    for (std::size_t i = 0; i < buyers.size(); ++i) {
      orders_.push_back(order_of(buyers[i], end.seq + 1));
      end.add(orders_.back());
    }
    const auto inserting = Clock::now();
    transaction->insert(orders_);
    const auto inserted = Clock::now();
    const auto units = static_cast<std::int64_t>(buyers.size());
    if (!transaction->charge({lease_, units})) std::abort();
    transaction->advance_shard(0, end);
    const auto committing = Clock::now();
    transaction->commit();
    const auto committed = Clock::now();

    figures.orders_of += answered - asked;
    figures.insert += inserted - inserting;
    figures.commit += committed - committing;
    figures.all += committed - begun;
    figures.slowest_commit = std::max(figures.slowest_commit, committed - committing);
  }

 private:
  Order order_of(UserId buyer, std::int64_t seq) const {
    const auto intent = IdempotencyKey::parse(fmt::format("{:024}", seq));
    return {.number = {seq},
            .sale = sale_,
            .buyer = buyer,
            .intent = *intent,
            .slot = 1,
            .lease = lease_,
            .seq = seq,
            .created_at = Instant{std::chrono::milliseconds{1'790'000'000'000 + seq}}};
  }

  repositories::OrderStore& store_;
  SaleId sale_;
  LeaseId lease_;
  std::vector<repositories::SaleBuyer> pairs_;
  std::vector<Order> orders_;
};

std::vector<UserId> random_buyers(std::size_t count) {
  std::vector<UserId> buyers(count);
  for (std::size_t i = 0; i < count; ++i) buyers[i] = {static_cast<std::int64_t>(i) + 1};
  std::ranges::shuffle(buyers, std::mt19937_64{1});
  return buyers;
}

void run(const std::filesystem::path& folder, std::size_t batch, std::size_t total) {
  std::filesystem::create_directories(folder);
  Figures figures;
  {
    Database database({.path = folder / "order_store.db"});
    const Repositories repositories(database);
    const auto units = static_cast<std::int64_t>(total);
    const auto product = repositories.catalog().add_product({.name = "product"}, {});
    const auto sale = repositories.catalog().create_sale(
        {.id = {}, .product = product, .quantity = units, .starts_at = {}, .ends_at = {}}, {});
    const auto lease = repositories.leases().grant(*sale, units, {});
    Consumer consumer(repositories.order_store(), *sale, *lease);
    const auto buyers = random_buyers(total);
    std::vector<UserId> next;
    for (std::size_t i = 0; i < total; i += batch) {
      const auto from = buyers.begin() + static_cast<std::ptrdiff_t>(i);
      next.assign(from, from + static_cast<std::ptrdiff_t>(std::min(batch, total - i)));
      consumer.commit(next, figures);
    }
  }
  std::filesystem::remove_all(folder);

  const auto each = [&](Clock::duration time) {
    return std::chrono::duration<double, std::micro>(time).count() / static_cast<double>(total);
  };
  fmt::print("{:6} {:12.0f} {:12.2f} {:10.2f} {:10.2f} {:18.1f}\n", batch, 1e6 / each(figures.all),
             each(figures.orders_of), each(figures.insert), each(figures.commit),
             std::chrono::duration<double, std::milli>(figures.slowest_commit).count());
}

}  // namespace
}  // namespace stampede

int main(int argc, char** argv) {
  const std::size_t total = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 300'000;
  if (total == 0) {
    fmt::print(stderr, "order_store: the orders are \"{}\"; expected a number above 0\n", argv[1]);
    return 2;
  }
  const auto temporary = std::filesystem::temp_directory_path();
  const std::filesystem::path root = argc > 2 ? argv[2] : temporary;
  const auto folder = root / fmt::format("stampede-order-store-{}", std::random_device{}());
  fmt::print("{:>6} {:>12} {:>12} {:>10} {:>10} {:>18}\n", "batch", "orders/s", "orders_of us",
             "insert us", "commit us", "slowest commit ms");
  for (const std::size_t batch : {100U, 200U, 500U, 1000U}) stampede::run(folder, batch, total);
}
