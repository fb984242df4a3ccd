#include "repositories/sql/orders/order_history.h"

#include <gmock/gmock.h>
#include <soci/soci.h>

#include "repositories/sql/test_database.h"

namespace stampede::repositories::sql {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::int64_t> seqs_of(const HistoryPage& page) {
  std::vector<std::int64_t> seqs;
  for (const HistoryEntry& entry : page.entries) seqs.push_back(entry.order.seq);
  return seqs;
}

struct OrderHistoryTest : OnEveryEngine {
  SaleId sale = shop.sell(10, 2);
  LeaseId lease = *shop.leases().grant(sale, 5, at(1));
  OrderHistory& history = shop.repositories.order_history();

  void cancel(OrderNumber number) {
    shop.repositories.order_events().change(number, [&](const OrderFacts*) -> OrderDecision {
      return {.event = OrderEvent{
                  .order = number, .actor = "cli:olga", .reason = "why", .at = at(7'000)}};
    });
  }
};
INSTANTIATE_TEST_SUITE_P(On, OrderHistoryTest, every_engine(), testing::PrintToStringParamName());

TEST_P(OrderHistoryTest, HasOrdersAndTheirEventsInTurn) {
  EXPECT_THAT(history.ends(), ElementsAre(0));
  EXPECT_THAT(history.since(0, 0, 10).entries, IsEmpty());
  const auto orders = shop.commit({success(sale, lease, 5), success(sale, lease, 6)});
  cancel(orders[0].number);
  const auto more = shop.commit({success(sale, lease, 7)});
  EXPECT_THAT(history.ends(), ElementsAre(4));
  const auto page = history.since(0, 0, 10);
  ASSERT_THAT(seqs_of(page), ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(page.up_to, 4);
  EXPECT_FALSE(page.entries[0].event);
  EXPECT_EQ(page.entries[0].order.status, OrderStatus::kSuccess) << "as it was then";
  EXPECT_EQ(page.entries[0].order.buyer, UserId{5});
  EXPECT_EQ(page.entries[0].price_cents, 9'900);
  EXPECT_EQ(page.entries[0].product, shop.catalog().sale(sale)->product);
  ASSERT_TRUE(page.entries[2].event);
  EXPECT_EQ(page.entries[2].order.number, orders[0].number);
  EXPECT_EQ(page.entries[2].order.status, OrderStatus::kCancelled);
  EXPECT_EQ(page.entries[2].event->actor, "cli:olga");
  EXPECT_EQ(page.entries[2].event->reason, "why");
  EXPECT_EQ(page.entries[2].event->at, at(7'000));
  EXPECT_EQ(page.entries[2].price_cents, 9'900);
}

TEST_P(OrderHistoryTest, IsReadInPagesWithoutAGap) {
  const auto orders = shop.commit({success(sale, lease, 5), success(sale, lease, 6)});
  cancel(orders[1].number);
  cancel(orders[0].number);
  for (const std::size_t most : {1UL, 2UL, 3UL, 4UL, 5UL}) {
    std::vector<std::int64_t> read;
    for (std::int64_t after = 0; after < 4;) {
      const auto page = history.since(0, after, most);
      ASSERT_GT(page.up_to, after);
      ASSERT_LE(page.entries.size(), most);
      for (const std::int64_t seq : seqs_of(page)) read.push_back(seq);
      after = page.up_to;
    }
    EXPECT_THAT(read, ElementsAre(1, 2, 3, 4)) << most;
  }
}

TEST_P(OrderHistoryTest, FailedPurchasesAreNoPartOfItAndArePassed) {
  shop.commit({failure(sale, lease, 5, FailureReason::kNoUnit), success(sale, lease, 6),
               failure(sale, lease, 7, FailureReason::kTooLate)});
  const auto page = history.since(0, 0, 10);
  EXPECT_THAT(seqs_of(page), ElementsAre(2));
  EXPECT_EQ(page.up_to, 3);
  const auto first = history.since(0, 0, 1);
  EXPECT_THAT(first.entries, IsEmpty());
  EXPECT_EQ(first.up_to, 1);
  EXPECT_FALSE(history.find(0, 1));
}

TEST_P(OrderHistoryTest, FindsOneEntry) {
  const auto orders = shop.commit({success(sale, lease, 5), success(sale, lease, 6)});
  cancel(orders[1].number);
  const auto created = history.find(0, 2);
  ASSERT_TRUE(created);
  EXPECT_EQ(created->order.number, orders[1].number);
  EXPECT_FALSE(created->event);
  const auto cancelled = history.find(0, 3);
  ASSERT_TRUE(cancelled);
  EXPECT_EQ(cancelled->order.number, orders[1].number);
  EXPECT_EQ(cancelled->order.status, OrderStatus::kCancelled);
  EXPECT_EQ(cancelled->price_cents, 9'900);
  EXPECT_FALSE(history.find(0, 4));
}

/// Of several queue shards each has its own numbers, between those of the others.
TEST_P(OrderHistoryTest, EachQueueShardIsReadByItself) {
  shop.commit({success(sale, lease, 5)});
  shop.database.write([&](soci::session& session) {
    session << "INSERT INTO queue_shards (shard, last_seq) VALUES (1, 1)";
    session << "INSERT INTO orders (number, sale, buyer, intent, slot, lease, status, reason, seq, "
               "created_at) SELECT 2, sale, 6, 'intent-of-the-other-shard', slot, lease, status, "
               "reason, 1, created_at FROM orders";
  });
  EXPECT_THAT(history.ends(), ElementsAre(1, 1));
  const auto first = history.since(0, 0, 10);
  ASSERT_THAT(seqs_of(first), ElementsAre(1));
  EXPECT_EQ(first.entries[0].order.buyer, UserId{5});
  const auto second = history.since(1, 0, 10);
  ASSERT_THAT(seqs_of(second), ElementsAre(1));
  EXPECT_EQ(second.entries[0].order.buyer, UserId{6});
  EXPECT_EQ(history.find(1, 1)->order.buyer, UserId{6});
}

}  // namespace
}  // namespace stampede::repositories::sql
