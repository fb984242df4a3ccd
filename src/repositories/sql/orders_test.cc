#include <gmock/gmock.h>
#include <soci/soci.h>

#include "repositories/sql/test_database.h"

namespace stampede::repositories::sql {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct OrdersTest : OnEveryEngine {
  SaleId sale = shop.sell(1'000, 3);
  LeaseId lease = *shop.leases().grant(sale, 500, at(1));

  std::vector<std::int64_t> numbers_of(UserId buyer, OrderNumber before, std::size_t limit) {
    std::vector<std::int64_t> numbers;
    for (const auto& line : shop.orders().of_buyer(buyer, before, limit)) {
      EXPECT_EQ(line.order.buyer, buyer);
      numbers.push_back(line.order.number.value);
    }
    return numbers;
  }
  std::vector<std::int64_t> recent(Instant ended_after) {
    std::vector<std::int64_t> numbers;
    shop.orders().for_each_recent(
        ended_after, [&](const Order& order) { numbers.push_back(order.number.value); });
    return numbers;
  }
  SaleId of_the_same_product(SaleId next) {
    shop.database.write([&](soci::session& session) {
      session << "UPDATE sales SET product = (SELECT p FROM (SELECT product AS p FROM sales "
                 "WHERE id = :earlier) e) WHERE id = :sale",
          soci::use(sale.value), soci::use(next.value);
    });
    return next;
  }
  void close(LeaseId id) {
    auto transaction = shop.repositories.ledger().begin();
    transaction->close(id);
    transaction->commit();
  }
};

INSTANTIATE_TEST_SUITE_P(On, OrdersTest, every_engine(), testing::PrintToStringParamName());

TEST_P(OrdersTest, APurchaseIsARowOrTheStateOfItsLease) {
  const auto order = shop.commit({success(sale, lease, 1)}).at(0);
  auto snapshot = shop.orders().purchase(sale, {1}, order.intent, lease);
  ASSERT_TRUE(snapshot.order);
  EXPECT_EQ(snapshot.order->number, order.number);
  EXPECT_TRUE(snapshot.lease_open);

  EXPECT_FALSE(shop.orders().purchase(sale, {2}, order.intent, lease).order);
  EXPECT_FALSE(shop.orders().purchase(sale, {1}, key(7), lease).order);
  EXPECT_FALSE(shop.orders().purchase(SaleId{9}, {1}, order.intent, lease).order);
  EXPECT_FALSE(shop.orders().purchase(sale, {1}, key(7), LeaseId{99}).lease_open);

  shop.leases().fence(lease);
  EXPECT_TRUE(shop.orders().purchase(sale, {1}, key(7), lease).lease_open);
  close(lease);
  EXPECT_FALSE(shop.orders().purchase(sale, {1}, key(7), lease).lease_open);
}

TEST_P(OrdersTest, APurchaseOfAnotherSaleOfTheProductIsFound) {
  const auto order = shop.commit({success(sale, lease, 1)}).at(0);
  const auto next = of_the_same_product(shop.sell(10));
  const auto found = shop.orders().purchase(next, {1}, order.intent, lease).order;
  ASSERT_TRUE(found);
  EXPECT_EQ(found->number, order.number);
  EXPECT_EQ(found->sale, sale);
  EXPECT_FALSE(shop.orders().purchase(next, {2}, order.intent, lease).order);
  EXPECT_FALSE(shop.orders().purchase(next, {1}, key(7), lease).order);
  const auto of_another_product = shop.sell(10);
  EXPECT_FALSE(shop.orders().purchase(of_another_product, {1}, order.intent, lease).order);
}

TEST_P(OrdersTest, AFailedPurchaseSaysWhy) {
  const auto order = shop.commit({failure(sale, lease, 1, FailureReason::kTooLate)}).at(0);
  const auto snapshot = shop.orders().purchase(sale, {1}, order.intent, lease);
  ASSERT_TRUE(snapshot.order);
  EXPECT_FALSE(snapshot.order->live());
  EXPECT_EQ(snapshot.order->reason, FailureReason::kTooLate);
  EXPECT_EQ(snapshot.order->slot, std::nullopt);
}

TEST_P(OrdersTest, ABuyerSeesTheirLiveOrdersNewestFirst) {
  const auto other_sale = shop.sell(10);
  const auto other_lease = *shop.leases().grant(other_sale, 10, at(1));
  shop.commit({success(sale, lease, 1, 1), success(sale, lease, 2),
               success(other_sale, other_lease, 1), success(sale, lease, 1, 2),
               failure(sale, lease, 1, FailureReason::kLimitReached)});
  EXPECT_THAT(numbers_of({1}, {}, 10), ElementsAre(4, 3, 1));
  EXPECT_THAT(numbers_of({1}, {}, 2), ElementsAre(4, 3));
  EXPECT_THAT(numbers_of({1}, {3}, 10), ElementsAre(1));
  EXPECT_THAT(numbers_of({3}, {}, 10), IsEmpty());
}

TEST_P(OrdersTest, AnOrderIsFoundWithWhatAPageShows) {
  shop.commit({success(sale, lease, 1)});
  const auto line = shop.orders().find({1});
  ASSERT_TRUE(line);
  EXPECT_EQ(line->order.buyer, UserId{1});
  EXPECT_EQ(line->product, shop.catalog().sale(sale)->product);
  EXPECT_EQ(line->product_name, "Trainers");
  EXPECT_EQ(line->price_cents, 9'900);
  EXPECT_FALSE(shop.orders().find({2}));
}

TEST_P(OrdersTest, RecentOnesAreThoseOfSalesThatHaveNotLongEnded) {
  EXPECT_THAT(recent(at(0)), IsEmpty());
  shop.commit({success(sale, lease, 1), success(sale, lease, 2)});
  const auto later = shop.sell(10, 1, at(9'000));
  const auto later_lease = *shop.leases().grant(later, 10, at(1));
  shop.commit({success(later, later_lease, 1), failure(sale, lease, 3, FailureReason::kNoUnit)});
  EXPECT_THAT(recent(at(0)), ElementsAre(1, 2, 3, 4));
  shop.catalog().end_sale(sale, at(2'000));
  EXPECT_THAT(recent(at(1'999)), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(recent(at(2'000)), ElementsAre(3));
  EXPECT_THAT(recent(at(9'000)), IsEmpty());
}

TEST_P(OrdersTest, RecentOnesAreFoundWhicheverShardTheyCameFrom) {
  shop.database.write([](soci::session& session) {
    session << "INSERT INTO queue_shards (shard, last_seq) VALUES (1, 100)";
    session << "UPDATE queue_shards SET last_seq = 10 WHERE shard = 0";
  });
  const auto later = shop.sell(10);
  const auto later_lease = *shop.leases().grant(later, 10, at(1));
  shop.catalog().end_sale(sale, at(1'500));
  auto transaction = shop.repositories.ledger().begin();
  auto slow = success(later, later_lease, 1);  // number = (seq - 1) * shards + shard + 1
  slow.seq = 11;
  slow.number = {21};
  transaction->insert({&slow, 1});
  transaction->commit();
  transaction.reset();
  EXPECT_THAT(recent(at(2'000)), ElementsAre(21));
}

/// An order of a shard, numbered as OrderWriter numbers them.
Order of_shard(Order order, std::int32_t shard, std::int64_t seq) {
  order.seq = seq;
  order.number = {(seq - 1) * 4 + shard + 1};
  return order;
}

struct ShardedOrdersTest : OrdersTest {
  ShardedOrdersTest() {
    shop.repositories.ensure_shards(4);
    // Shard 0 is ahead, shard 2 has failed orders only, shard 3 none.
    for (std::int64_t seq = 1; seq <= 5; ++seq) write(success(sale, lease, 10 + seq), 0, seq);
    write(success(sale, lease, 21), 1, 1);
    write(failure(sale, lease, 31, FailureReason::kNoUnit), 2, 1);
    write(failure(sale, lease, 32, FailureReason::kTooLate), 2, 2);
  }
  void write(const Order& order, std::int32_t shard, std::int64_t seq) {
    auto transaction = shop.repositories.ledger().begin();
    const auto numbered = of_shard(order, shard, seq);
    transaction->insert({&numbered, 1});
    transaction->advance_shard(shard, seq);
    transaction->commit();
  }
  std::vector<std::int64_t> buyers_since(std::int32_t shard, std::int64_t after, std::size_t most) {
    std::vector<std::int64_t> buyers;
    for (const auto& order : shop.orders().since(shard, after, most)) {
      buyers.push_back(order.buyer.value);
    }
    return buyers;
  }
};
INSTANTIATE_TEST_SUITE_P(On, ShardedOrdersTest, every_engine(), testing::PrintToStringParamName());

TEST_P(ShardedOrdersTest, AreReadShardByShardBehindACursor) {
  EXPECT_THAT(buyers_since(0, 0, 10), ElementsAre(11, 12, 13, 14, 15));
  EXPECT_THAT(buyers_since(0, 2, 2), ElementsAre(13, 14));
  EXPECT_THAT(buyers_since(0, 4, 2), ElementsAre(15));
  EXPECT_THAT(buyers_since(0, 5, 2), IsEmpty());
  EXPECT_THAT(buyers_since(1, 0, 10), ElementsAre(21));
  EXPECT_THAT(buyers_since(2, 0, 10), ElementsAre(31, 32));
  EXPECT_THAT(buyers_since(3, 0, 10), IsEmpty());
  EXPECT_EQ(shop.orders().since(2, 1, 10).at(0).reason, FailureReason::kTooLate);
  EXPECT_EQ(shop.orders().since(2, 1, 10).at(0).seq, 2);
}

TEST_P(ShardedOrdersTest, CursorsBeginBeforeEverySaleThatHasNotLongEnded) {
  const auto cursors = [&](std::int64_t ended_after) {
    return shop.orders().cursors_before_recent(at(ended_after));
  };
  EXPECT_THAT(cursors(0), ElementsAre(0, 0, 0, 0));
  const auto later = shop.sell(10);
  const auto later_lease = *shop.leases().grant(later, 10, at(1));
  shop.catalog().end_sale(sale, at(2'000));
  EXPECT_THAT(cursors(1'999), ElementsAre(0, 0, 0, 0));
  write(success(later, later_lease, 1), 0, 6);
  write(success(later, later_lease, 2), 1, 2);
  write(success(later, later_lease, 3), 3, 1);
  const auto begin = cursors(2'000);
  ASSERT_EQ(begin.size(), 4U);
  EXPECT_EQ(begin[3], 0);
  std::vector<std::int64_t> found;
  for (std::int32_t shard = 0; shard < 4; ++shard) {
    for (const auto& order :
         shop.orders().since(shard, begin[static_cast<std::size_t>(shard)], 10)) {
      if (order.sale == later) found.push_back(order.buyer.value);
    }
  }
  EXPECT_THAT(found, ElementsAre(1, 2, 3));
  shop.catalog().end_sale(later, at(3'000));
  EXPECT_THAT(cursors(3'000), ElementsAre(6, 2, 2, 1));
}

TEST_P(OrdersTest, CursorsPassWhatCameBeforeARecentSale) {
  shop.commit({success(sale, lease, 1), success(sale, lease, 2), success(sale, lease, 3)});
  shop.catalog().end_sale(sale, at(2'000));
  const auto later = shop.sell(10);
  const auto later_lease = *shop.leases().grant(later, 10, at(1));
  shop.commit({success(later, later_lease, 1)});
  EXPECT_THAT(shop.orders().cursors_before_recent(at(2'000)), ElementsAre(3));
  EXPECT_EQ(shop.orders().since(0, 3, 10).at(0).sale, later);
}

TEST_P(OrdersTest, ManyAreVisitedPageByPage) {
  constexpr std::int64_t kMany = 10'000;  // two whole pages
  const auto large = shop.sell(kMany);
  const auto large_lease = *shop.leases().grant(large, kMany, at(1));
  std::vector<Order> orders;
  auto transaction = shop.repositories.ledger().begin();
  for (std::int64_t i = 1; i <= kMany; ++i) {
    orders.push_back(success(large, large_lease, i));
    orders.back().number = {i};
    orders.back().seq = i;
  }
  transaction->insert(orders);
  transaction->commit();
  transaction.reset();
  const auto numbers = recent(at(0));
  ASSERT_EQ(std::ssize(numbers), kMany);
  EXPECT_TRUE(std::ranges::is_sorted(numbers));
  EXPECT_EQ(numbers.back(), kMany);
}

}  // namespace
}  // namespace stampede::repositories::sql
