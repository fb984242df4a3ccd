#include "repositories/sql/orders/order_store.h"

#include <gmock/gmock.h>
#include <soci/soci.h>

#include "repositories/sql/test_database.h"

namespace stampede::repositories::sql {
namespace {

using Kind = StorageError::Kind;

struct OrderStoreTest : OnEveryEngine {
  OrderStore& store = shop.repositories.order_store();
  SaleId sale = shop.sell(1'000, 2);
  LeaseId lease = *shop.leases().grant(sale, 600, at(1));

  StockLease stored(LeaseId id) {
    auto transaction = store.begin();
    return transaction->lock_leases({&id, 1}).at(0).lease;
  }
  std::vector<Order> orders_of(std::vector<SaleBuyer> pairs) {
    return store.begin()->orders_of(pairs);
  }
};

INSTANTIATE_TEST_SUITE_P(On, OrderStoreTest, every_engine(), testing::PrintToStringParamName());

TEST_P(OrderStoreTest, LocksLeasesWithTheirSalesLimit) {
  const std::vector<LeaseId> ids{lease, {99}};
  const auto leases = store.begin()->lock_leases(ids);
  ASSERT_EQ(leases.size(), 1U);
  EXPECT_EQ(leases[0].lease.id, lease);
  EXPECT_EQ(leases[0].lease.sale, sale);
  EXPECT_EQ(leases[0].lease.granted, 600);
  EXPECT_EQ(leases[0].lease.state, LeaseState::kOpen);
  EXPECT_EQ(leases[0].per_buyer_limit, 2);
}

TEST_P(OrderStoreTest, FindsTheOrdersThatABuyerHasInOtherSalesOfTheProduct) {
  const auto again = [&](SaleId next) {
    shop.database.write([&](soci::session& session) {
      session << "UPDATE sales SET product = (SELECT p FROM (SELECT product AS p FROM sales "
                 "WHERE id = :earlier) e) WHERE id = :sale",
          soci::use(sale.value), soci::use(next.value);
    });
    return next;
  };
  const auto found = [&](std::vector<SaleBuyer> pairs) {
    auto transaction = store.begin();
    transaction->lock_leases(std::array{lease});
    std::vector<std::int64_t> numbers;
    for (const Order& order : transaction->orders_of(pairs)) numbers.push_back(order.number.value);
    std::ranges::sort(numbers);
    return numbers;
  };
  const SaleId of_another_product = shop.sell(1'000);
  const SaleId next = again(shop.sell(1'000));
  const SaleId third = again(shop.sell(1'000));
  again(shop.sell(1'000));  // it has sold nothing
  const auto in = [&](SaleId other) { return *shop.leases().grant(other, 10, at(1)); };
  const LeaseId in_next = in(next);
  const LeaseId in_third = in(third);
  shop.commit({success(sale, lease, 1), success(next, in_next, 1),
               failure(third, in_third, 1, FailureReason::kTooLate), success(next, in_next, 2),
               success(of_another_product, in(of_another_product), 1)});
  {
    auto transaction = store.begin();
    transaction->close(in_third);  // all its units are back, and a failed order is left
    transaction->commit();
  }
  EXPECT_THAT(found({{sale, {1}}}), testing::ElementsAre(1, 2, 3));
  EXPECT_THAT(found({{sale, {1}}, {sale, {2}}, {next, {1}}}), testing::ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(found({{sale, {7}}}), testing::IsEmpty());
}

TEST_P(OrderStoreTest, CountsInOneShard) {
  {
    auto transaction = store.begin();
    EXPECT_EQ(transaction->lock_shard(0).end.seq, 0);
    EXPECT_EQ(transaction->lock_shard(0).shards, 1);
    transaction->advance_shard(0, {.seq = 41, .digest = -7, .digest_seq = 40});
    transaction->commit();
  }
  EXPECT_EQ(store.begin()->lock_shard(0).end,
            (ShardEnd{.seq = 41, .digest = -7, .digest_seq = 40}));
  EXPECT_THAT(shop.orders().newest(),
              testing::ElementsAre(ShardEnd{.seq = 41, .digest = -7, .digest_seq = 40}));
  EXPECT_THROW(store.begin()->lock_shard(1), StorageError);
}

TEST_P(OrderStoreTest, FindsTheOrdersOfEveryPair) {
  const auto other_sale = shop.sell(1'000);
  const auto other_lease = *shop.leases().grant(other_sale, 600, at(1));
  std::vector<Order> orders;
  for (std::int64_t buyer = 1; buyer <= 200; ++buyer) {
    orders.push_back(success(sale, lease, buyer));
    orders.push_back(success(other_sale, other_lease, buyer));
  }
  orders.push_back(success(sale, lease, 7, 2));
  orders.push_back(failure(sale, lease, 7, FailureReason::kLimitReached));
  orders = shop.commit(orders);

  std::vector<SaleBuyer> pairs;
  for (std::int64_t buyer = 1; buyer <= 130; ++buyer) pairs.push_back({sale, {buyer}});
  for (std::int64_t buyer = 150; buyer <= 300; ++buyer) pairs.push_back({other_sale, {buyer}});
  auto found = orders_of(pairs);
  EXPECT_EQ(found.size(), 130U + 2U + 51U);
  std::ranges::sort(found, {}, &Order::number);
  for (const auto& order : found) {
    const auto& written = orders.at(static_cast<std::size_t>(order.number.value) - 1);
    EXPECT_EQ(order.sale, written.sale);
    EXPECT_EQ(order.buyer, written.buyer);
    EXPECT_EQ(order.intent, written.intent);
    EXPECT_EQ(order.slot, written.slot);
    EXPECT_EQ(order.lease, written.lease);
    EXPECT_EQ(order.status, written.status);
    EXPECT_EQ(order.reason, written.reason);
    EXPECT_EQ(order.seq, written.seq);
    EXPECT_EQ(order.created_at, written.created_at);
  }
  EXPECT_TRUE(orders_of({}).empty());
  EXPECT_TRUE(orders_of({{sale, {999}}}).empty());
}

TEST_P(OrderStoreTest, ChargesWhatTheLeaseHasAndNoMore) {
  const auto small = *shop.leases().grant(sale, 3, at(1));
  auto transaction = store.begin();
  EXPECT_TRUE(transaction->charge({small, 2}));
  EXPECT_FALSE(transaction->charge({small, 2}));
  EXPECT_TRUE(transaction->charge({small, 1}));
  EXPECT_FALSE(transaction->charge({small, 1}));
  EXPECT_FALSE(transaction->charge({LeaseId{99}, 1}));
  transaction->commit();
  transaction.reset();
  EXPECT_EQ(stored(small).sold, 3);
}

TEST_P(OrderStoreTest, AFencedLeaseIsChargedAClosedOneIsNot) {
  shop.leases().fence(lease);
  {
    auto transaction = store.begin();
    EXPECT_TRUE(transaction->charge({lease, 1}));
    transaction->close(lease);
    EXPECT_FALSE(transaction->charge({lease, 1}));
    transaction->commit();
  }
  EXPECT_EQ(stored(lease).state, LeaseState::kClosed);
  EXPECT_EQ(stored(lease).sold, 1);
}

TEST_P(OrderStoreTest, ClosingReturnsTheUnsoldUnitsOnce) {
  for (int i = 0; i < 2; ++i) {
    auto transaction = store.begin();
    transaction->charge({lease, 100});
    transaction->close(lease);
    transaction->close(lease);
    transaction->close(LeaseId{99});
    transaction->commit();
    transaction.reset();
    EXPECT_EQ(shop.catalog().sale(sale)->unleased, 1'000 - 100);
  }
}

TEST_P(OrderStoreTest, WithoutCommitNothingHappened) {
  {
    auto transaction = store.begin();
    const std::vector<Order> orders{success(sale, lease, 1)};
    transaction->insert(orders);
    transaction->insert({});
    transaction->charge({lease, 1});
    transaction->advance_shard(0, {.seq = 1});
    transaction->close(lease);
  }
  EXPECT_TRUE(orders_of({{sale, {1}}}).empty());
  EXPECT_EQ(stored(lease).sold, 0);
  EXPECT_EQ(stored(lease).state, LeaseState::kOpen);
  EXPECT_EQ(store.begin()->lock_shard(0).end.seq, 0);
}

TEST_P(OrderStoreTest, ASlotIsSoldOnceAndAFailedBatchLeavesNothing) {
  shop.commit({success(sale, lease, 1)});
  EXPECT_THROW(shop.commit({success(sale, lease, 2), success(sale, lease, 1)}), StorageError);
  EXPECT_TRUE(orders_of({{sale, {2}}}).empty());
  EXPECT_EQ(stored(lease).sold, 1);
  // Failed orders take no slot, so they are never in each other's way.
  shop.commit({failure(sale, lease, 1, FailureReason::kTooLate),
               failure(sale, lease, 1, FailureReason::kNoUnit)});
  EXPECT_EQ(orders_of({{sale, {1}}}).size(), 3U);
}

/// On SQLite, which can be told how large a disk is.
TEST(SqliteOrderStore, AFullDiskIsSaidAndSurvived) {
  TestShop shop;
  auto& store = shop.repositories.order_store();
  const auto sale = shop.sell(1'000);
  const auto lease = *shop.leases().grant(sale, 600, at(1));
  std::int64_t usual = 0;
  shop.database.write([&](soci::session& session) {
    std::int64_t pages = 0;
    session << "PRAGMA max_page_count", soci::into(usual);
    session << "PRAGMA page_count", soci::into(pages);
    session << "PRAGMA max_page_count = " << pages + 4;
  });
  std::int64_t committed = 0;
  std::optional<Kind> kind;
  while (!kind && committed < 500) {
    std::vector<Order> orders;
    for (std::int64_t i = 1; i <= 50; ++i) orders.push_back(success(sale, lease, committed + i));
    try {
      shop.commit(orders);
      committed += 50;
    } catch (const StorageError& error) {
      kind = error.kind();
    }
  }
  EXPECT_EQ(kind, Kind::kFull);
  EXPECT_EQ(shop.leases().not_closed().at(0).sold, committed);
  EXPECT_EQ(store.begin()->lock_shard(0).end.seq, committed);

  shop.database.write(
      [&](soci::session& session) { session << "PRAGMA max_page_count = " << usual; });
  std::vector<Order> orders;
  for (std::int64_t i = 1; i <= 50; ++i) orders.push_back(success(sale, lease, committed + i));
  shop.commit(orders);
  EXPECT_EQ(shop.leases().not_closed().at(0).sold, committed + 50);
}

TEST_P(OrderStoreTest, ARowThatNobodyWritesIsRefusedByName) {
  shop.commit({success(sale, lease, 1)});
  shop.database.write(
      [](soci::session& session) { session << "UPDATE orders SET status = 'perhaps'"; });
  try {
    orders_of({{sale, {1}}});
    FAIL() << "read a row of an unknown status";
  } catch (const StorageError& error) {
    EXPECT_STREQ(error.what(),
                 "table orders, row 1: status is \"perhaps\", which no stampede writes");
  }
}

}  // namespace
}  // namespace stampede::repositories::sql
