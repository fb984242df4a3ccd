#include <gmock/gmock.h>
#include <soci/soci.h>

#include <latch>
#include <set>
#include <thread>

#include "model/orders/order_number.h"
#include "queue/shards.h"
#include "repositories/sql/connection/rows.h"
#include "repositories/sql/leasing/leadership.h"
#include "repositories/sql/test_database.h"

// SOCI 4.0.3 loses the buffer of a bound value when MariaDB refuses the statement: 21 bytes, in a
// library of the distribution.
extern "C" const char* __lsan_default_suppressions() { return "leak:libsoci_mysql"; }

/// The consumers of several queue shards, each with connections of its own, on one MariaDB.
namespace stampede::repositories::sql {
namespace {

using ::testing::SizeIs;
using Kind = StorageError::Kind;

using queue::kShards;

/// One shard's consumer: an own process, as the database sees it.
struct Consumer {
  Consumer(const MariadbOptions& options, std::int32_t its_shard)
      : shard(its_shard), database(options) {}

  std::int32_t shard;
  Database database;
  Repositories repositories{database};

  std::unique_ptr<OrderTransaction> begin() { return repositories.order_store().begin(); }
  /// The first half of OrderWriter's transaction: all that it locks, then what it reads.
  std::vector<Order> lock_and_read(OrderTransaction& transaction, SaleId sale,
                                   std::vector<UserId> buyers, LeaseId lease) {
    transaction.lock_buyers(buyers);
    EXPECT_THAT(transaction.lock_leases({&lease, 1}), SizeIs(1));
    transaction.lock_shard(shard);
    std::vector<SaleBuyer> pairs;
    for (const auto buyer : buyers) pairs.push_back({sale, buyer});
    return transaction.orders_of(pairs);
  }
  /// The second: one order for the buyer, in that slot.
  void write(OrderTransaction& transaction, Order order) {
    order.seq = transaction.lock_shard(shard).end.seq + 1;
    order.number = number_of(order.seq, shard, kShards);
    transaction.insert({&order, 1});
    EXPECT_TRUE(transaction.charge({order.lease, 1}));
    transaction.advance_shard(shard, {.seq = order.seq});
    transaction.commit();
  }
};

struct MariadbOrderStore : testing::Test {
  TestShop shop{Engine::kMariadb};
  SaleId sale = shop.sell(1'000);
  std::vector<LeaseId> leases;  // of each shard

  MariadbOrderStore() {
    shop.repositories.ensure_shards(kShards);
    shop.accounts().ensure_range({1}, {2'500}, at(1));
    for (std::int32_t i = 0; i < kShards; ++i) {
      leases.push_back(*shop.leases().grant(sale, 100, at(1)));
    }
  }
  MariadbOptions options() const {
    auto options = shop.storage.mariadb_options();
    options.readers = 1;
    return options;
  }
  /// Says busy within 1 s of waiting for a lock.
  MariadbOptions impatient() const {
    auto options = this->options();
    options.lock_timeout = std::chrono::seconds{1};
    return options;
  }
};

/// Transactions that wait for a lock at this moment.
std::int64_t server_waits() {
  return std::stoll(test_support::MariadbServer::shared().sql(
      "SELECT COUNT(*) FROM information_schema.innodb_lock_waits"));
}

TEST_F(MariadbOrderStore, ShardsDoNotWaitForEachOther) {
  Consumer first(options(), 0);
  Consumer second(impatient(), 1);
  const auto held = first.begin();
  first.lock_and_read(*held, sale, {{1}, {3}, {5}}, leases[0]);
  const auto free = second.begin();
  EXPECT_TRUE(second.lock_and_read(*free, sale, {{2}, {4}, {6}}, leases[1]).empty());
  second.write(*free, success(sale, leases[1], 2));
  first.write(*held, success(sale, leases[0], 1));
}

TEST_F(MariadbOrderStore, ShardsDecideAboutABuyerOneAfterTheOther) {
  Consumer first(options(), 0);
  const auto held = first.begin();
  first.lock_and_read(*held, sale, {{1}, {7}}, leases[0]);
  {
    Consumer second(impatient(), 1);
    const auto error = error_of([&] {
      second.begin()->lock_buyers(std::vector<UserId>{{7}, {9}});
    });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->kind(), Kind::kBusy);
  }
  Consumer second(options(), 1);
  std::latch asking(1);
  std::vector<Order> seen;
  std::jthread waiting([&] {
    const auto transaction = second.begin();
    asking.count_down();
    seen = second.lock_and_read(*transaction, sale, {{7}, {9}}, leases[1]);
  });
  asking.wait();
  first.write(*held, success(sale, leases[0], 7));
  waiting.join();
  ASSERT_THAT(seen, SizeIs(1));
  EXPECT_EQ(seen[0].buyer, UserId{7});
}

TEST_F(MariadbOrderStore, LocksALeaseUntilTheCommit) {
  Consumer first(options(), 0);
  Consumer second(impatient(), 1);
  const auto held = first.begin();
  first.lock_and_read(*held, sale, {{1}}, leases[0]);
  const auto error = error_of([&] { second.begin()->lock_leases({leases.data(), 1}); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), Kind::kBusy);
}

TEST_F(MariadbOrderStore, LocksAShardUntilTheCommit) {
  Consumer first(options(), 0);
  Consumer second(impatient(), 0);
  const auto held = first.begin();
  held->lock_shard(0);
  const auto error = error_of([&] { second.begin()->lock_shard(0); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), Kind::kBusy);
}

TEST_F(MariadbOrderStore, KnowsBuyersAndLeasesThatDoNotExist) {
  Consumer consumer(options(), 0);
  const auto transaction = consumer.begin();
  transaction->lock_buyers(std::vector<UserId>{{1}, {999'999}});
  transaction->lock_buyers({});
  EXPECT_THAT(transaction->lock_leases(std::vector<LeaseId>{leases[0], {999}}), SizeIs(1));
  EXPECT_TRUE(transaction->orders_of(std::vector<SaleBuyer>{{sale, {999'999}}}).empty());
}

TEST_F(MariadbOrderStore, WritesBatchesOfManyStatements) {
  Consumer consumer(options(), 0);
  const auto large = shop.sell(10'000);
  const auto lease = *shop.leases().grant(large, 10'000, at(1));
  std::vector<UserId> buyers;
  std::vector<Order> orders;
  for (std::int64_t i = 1; i <= 2'500; ++i) {
    buyers.push_back({i});
    orders.push_back(i % 2 == 0 ? success(large, lease, i)
                                : failure(large, lease, i, FailureReason::kLimitReached));
    orders.back().seq = i;
    orders.back().number = number_of(i, 0, kShards);
  }
  {
    const auto transaction = consumer.begin();
    EXPECT_TRUE(consumer.lock_and_read(*transaction, large, buyers, lease).empty());
    transaction->insert(orders);
    transaction->commit();
  }
  const auto transaction = consumer.begin();
  auto found = consumer.lock_and_read(*transaction, large, buyers, lease);
  std::ranges::sort(found, {}, &Order::number);
  ASSERT_EQ(found.size(), orders.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].number, orders[i].number);
    EXPECT_EQ(found[i].buyer, orders[i].buyer);
    EXPECT_EQ(found[i].intent, orders[i].intent);
    EXPECT_EQ(found[i].slot, orders[i].slot);
    EXPECT_EQ(found[i].reason, orders[i].reason);
  }
}

/// Every shard decides about the same buyers again and again, by the rule of one order a buyer.
/// What loses a deadlock is decided again, as the consumer does.
TEST_F(MariadbOrderStore, ABuyerHasOneOrderWhicheverShardsAreAsked) {
  constexpr std::int64_t kBuyers = 40;
  {
    std::latch ready{kShards};
    std::vector<std::jthread> consumers;
    for (std::int32_t shard = 0; shard < kShards; ++shard) {
      consumers.emplace_back([&, shard] {
        Consumer consumer(options(), shard);
        const auto lease = leases[static_cast<std::size_t>(shard)];
        const auto decide = [&](std::int64_t buyer) {
          const auto transaction = consumer.begin();
          const auto known = consumer.lock_and_read(*transaction, sale, {{buyer}}, lease);
          if (known.empty()) consumer.write(*transaction, success(sale, lease, buyer));
        };
        ready.arrive_and_wait();
        for (std::int64_t buyer = 1; buyer <= kBuyers; ++buyer) {
          while (const auto error = error_of([&] { decide(buyer); })) {
            ASSERT_EQ(error->kind(), Kind::kBusy) << error->what();
          }
        }
      });
    }
  }
  std::set<std::int64_t> buyers;
  std::int64_t orders = 0;
  for (const Order& order : shop.orders().numbered({1}, OrderNumber{kLastId}, 2 * kBuyers)) {
    ++orders;
    buyers.insert(order.buyer.value);
  }
  EXPECT_EQ(orders, kBuyers);
  EXPECT_THAT(buyers, SizeIs(kBuyers));
  const auto store = shop.repositories.audit().audited_sales().at(0);
  EXPECT_EQ(store.buyers_over_limit, 0);
  EXPECT_TRUE(store.mischarged_leases.empty());
}

/// A batch counts failed orders, then closes leases: two of them may want each other's sale.
TEST_F(MariadbOrderStore, ADeadlockOverSalesUndoesOneBatchWhichIsThenWrittenAgain) {
  const SaleId other = shop.sell(100);
  const LeaseId of_other = *shop.leases().grant(other, 100, at(1));
  Consumer first(options(), 0);
  Consumer second(options(), 1);
  const auto count = [](Consumer& consumer, OrderTransaction& transaction, SaleId failed,
                        LeaseId lease) {
    consumer.lock_and_read(transaction, failed, {{consumer.shard + 1}}, lease);
    Order order = failure(failed, lease, consumer.shard + 1, FailureReason::kTooLate);
    order.seq = transaction.lock_shard(consumer.shard).end.seq + 1;
    order.number = number_of(order.seq, consumer.shard, kShards);
    transaction.insert({&order, 1});
    transaction.advance_shard(consumer.shard, {.seq = order.seq});
  };
  const auto close = [](OrderTransaction& transaction, LeaseId lease) {
    transaction.close(lease);
    transaction.commit();
  };
  auto ours = first.begin();
  count(first, *ours, sale, of_other);
  auto theirs = second.begin();
  count(second, *theirs, other, leases[0]);
  std::optional<StorageError> their_error;
  std::jthread waiting([&] { their_error = error_of([&] { close(*theirs, leases[0]); }); });
  const auto our_error = error_of([&] { close(*ours, of_other); });
  if (our_error) ours.reset();  // as the consumer does; it let go of everything already
  waiting.join();
  ASSERT_NE(our_error.has_value(), their_error.has_value());
  EXPECT_EQ((our_error ? our_error : their_error)->kind(), Kind::kBusy);
  ours.reset();
  theirs.reset();

  Consumer& loser = our_error ? first : second;
  const auto again = loser.begin();
  count(loser, *again, our_error ? sale : other, our_error ? of_other : leases[0]);
  close(*again, our_error ? of_other : leases[0]);
  for (const AuditedSale& store : shop.repositories.audit().audited_sales()) {
    EXPECT_EQ(store.failed, 1);
    EXPECT_EQ(store.failed_as_counted, 1);
  }
  EXPECT_EQ(shop.catalog().sale(sale)->unleased, 1'000 - 3 * 100) << "back once";
  EXPECT_EQ(shop.catalog().sale(other)->unleased, 100) << "back once";
  EXPECT_THAT(shop.leases().not_closed(), SizeIs(3));
}

TEST_F(MariadbOrderStore, AChangeOfTermsWaitsForGrantsUnderWay) {
  const auto upcoming = shop.catalog().sale(sale)->product;
  shop.catalog().end_sale(sale, at(1));
  Sale later{.id = {}, .product = upcoming, .quantity = 10, .starts_at = at(100'000)};
  later.id = *shop.catalog().create_sale(later, at(2));
  Database granting(options());
  Transaction grant(granting, Access::kWrite);
  grant.run([&](soci::session& session) {
    session << "UPDATE sales SET unleased = unleased - 1 WHERE id = " << later.id.value;
  });
  {
    Database database(impatient());
    Repositories repositories(database);
    const auto error =
        error_of([&] { std::ignore = repositories.catalog().change_sale(later, 10, at(3)); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->kind(), Kind::kBusy);
  }
  grant.commit();
  EXPECT_EQ(shop.catalog().change_sale(later, 10, at(3)),
            std::unexpected(ChangeSaleError::kUnitsAreLeased));
}

/// From where it has checked the ring's epoch until its commit.
TEST_F(MariadbOrderStore, AChangeOfTheRingWaitsForGrantsUnderWay) {
  const Term& term = shop.term();
  Database granting(options());
  Transaction grant(granting, Access::kWrite);
  grant.run([&](soci::session& session) {
    session << "INSERT INTO stock_leases (sale, granted, sold, state, created_at) "
               "VALUES (1, 1, 0, 'open', 1)";
    std::int64_t epoch = -1;
    session << "SELECT epoch FROM ring WHERE id = 1 LOCK IN SHARE MODE", soci::into(epoch);
  });
  {
    Database database(impatient());
    const auto error =
        error_of([&] { Repositories(database).members().replace(term, {.epoch = 0}, at(1)); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->kind(), Kind::kBusy);
  }
  grant.commit();
  const auto ring = shop.repositories.members().replace(term, {.epoch = 0}, at(1));
  EXPECT_EQ(ring.newest_lease.value, leases.back().value + 1);
}

/// A sale's row may be locked for long, by a batch of orders or by a merchant.
TEST_F(MariadbOrderStore, ALockedSaleKeepsNeitherTheRingFromChangingNorTheLeadFromBeingRenewed) {
  const Term& term = shop.term();
  Database other(options());
  Transaction locking(other, Access::kWrite);
  locking.run([&](soci::session& session) {
    session << "UPDATE sales SET failed = failed WHERE id = " << sale.value;
  });
  Database database(impatient());
  Repositories repositories(database);
  Database leading(impatient());
  Repositories leadership(leading);
  std::optional<StorageError> refused;
  {
    std::jthread grant([&] {
      refused = error_of([&] {
        std::ignore = repositories.leases().grant(
            term, {.holder = "a/1", .number = 1, .sale = sale, .ring_epoch = 0}, 1, at(1));
      });
    });
    // While the grant waits:
    EXPECT_TRUE(leadership.leadership().renew(term, std::chrono::seconds{2}));
    EXPECT_EQ(leadership.members().replace(term, {.epoch = 0}, at(1)).epoch, 1);
    EXPECT_FALSE(leadership.leases().stock(at(1)).empty());
  }
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->kind(), Kind::kBusy);
}

/// An automatic entry that finds no ban, while an operator's ban is about to be committed.
TEST_F(MariadbOrderStore, ABanThatIsUnderWayIsNotOverwritten) {
  Database banning(options());
  std::optional<Transaction> ban(std::in_place, banning, Access::kWrite);
  ban->run([&](soci::session& session) {
    raise_revision(session, kBlacklistRevision);
    session << "INSERT INTO blacklist (user_id, reason, created_at) VALUES (7, 'banned', 1)";
  });
  const BlacklistEntry entry{UserId{7}, "too early", at(600), at(1)};
  auto& blacklist = shop.repositories.blacklist();
  std::jthread automatic([&] { blacklist.put({&entry, 1}); });
  // It has looked for bans, or is about to, and waits.
  while (server_waits() == 0) std::this_thread::yield();
  ban->commit();
  ban.reset();
  automatic.join();
  EXPECT_EQ(blacklist.list(at(0)).entries.at(0).reason, "banned");
}

/// What a leader has begun is committed before another leads, or never.
TEST_F(MariadbOrderStore, ATakeWaitsForTheLeadersTransactionUnderWay) {
  Leadership& leadership = shop.repositories.leadership();
  const auto term = *leadership.take("first", 0, std::chrono::milliseconds{0});
  Database writing(options());
  Transaction write(writing, Access::kWrite);
  write.run([&](soci::session& session) { require_leader(session, writing.dialect(), term); });
  {
    Database database(impatient());
    const auto error = error_of([&] {
      std::ignore = Repositories(database).leadership().take("second", 0, std::chrono::seconds{2});
    });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->kind(), Kind::kBusy);
  }
  write.commit();
  EXPECT_TRUE(leadership.take("second", 0, std::chrono::seconds{2}));
}

}  // namespace
}  // namespace stampede::repositories::sql
