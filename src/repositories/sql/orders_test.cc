#include <gmock/gmock.h>
#include <soci/soci.h>

#include "repositories/sql/test_database.h"

namespace stampede::repositories::sql {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct OrdersTest : testing::Test {
  TestShop shop;
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
  void close(LeaseId id) {
    auto transaction = shop.repositories.ledger().begin();
    transaction->close(id);
    transaction->commit();
  }
};

TEST_F(OrdersTest, APurchaseIsARowOrTheStateOfItsLease) {
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

TEST_F(OrdersTest, AFailedPurchaseSaysWhy) {
  const auto order = shop.commit({failure(sale, lease, 1, FailureReason::kTooLate)}).at(0);
  const auto snapshot = shop.orders().purchase(sale, {1}, order.intent, lease);
  ASSERT_TRUE(snapshot.order);
  EXPECT_FALSE(snapshot.order->live());
  EXPECT_EQ(snapshot.order->reason, FailureReason::kTooLate);
  EXPECT_EQ(snapshot.order->slot, std::nullopt);
}

TEST_F(OrdersTest, ABuyerSeesTheirLiveOrdersNewestFirst) {
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

TEST_F(OrdersTest, AnOrderIsFoundWithWhatAPageShows) {
  shop.commit({success(sale, lease, 1)});
  const auto line = shop.orders().find({1});
  ASSERT_TRUE(line);
  EXPECT_EQ(line->order.buyer, UserId{1});
  EXPECT_EQ(line->product, shop.catalog().sale(sale)->product);
  EXPECT_EQ(line->product_name, "Trainers");
  EXPECT_EQ(line->price_cents, 9'900);
  EXPECT_FALSE(shop.orders().find({2}));
}

TEST_F(OrdersTest, RecentOnesAreThoseOfSalesThatHaveNotLongEnded) {
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

TEST_F(OrdersTest, RecentOnesAreFoundWhicheverShardTheyCameFrom) {
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

}  // namespace
}  // namespace stampede::repositories::sql
