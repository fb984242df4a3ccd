#include "repositories/sql/orders/queue_shards.h"

#include <gmock/gmock.h>

#include <cstdint>
#include <latch>
#include <stdexcept>
#include <thread>
#include <vector>

#include "repositories/sql/test_database.h"

namespace stampede::repositories::sql {
namespace {

using ::testing::HasSubstr;

struct QueueShardsTest : OnEveryEngine {
  std::int32_t shards() { return shop.repositories.order_store().begin()->lock_shard(0).shards; }
};
INSTANTIATE_TEST_SUITE_P(On, QueueShardsTest, every_engine(), testing::PrintToStringParamName());

TEST_P(QueueShardsTest, AreMadeOnce) {
  EXPECT_EQ(shards(), 1);
  shop.repositories.ensure_shards(4);
  EXPECT_EQ(shards(), 4);
  EXPECT_EQ(shop.repositories.order_store().begin()->lock_shard(3).end.seq, 0);
  shop.repositories.ensure_shards(4);
  EXPECT_EQ(shards(), 4);
  shop.repositories.ensure_shards(2);
  EXPECT_EQ(shards(), 2);
  EXPECT_THROW(shop.repositories.ensure_shards(0), std::invalid_argument);
}

TEST_P(QueueShardsTest, StayOnceThereAreOrders) {
  const auto sale = shop.sell(10);
  const auto lease = *shop.leases().grant(sale, 10, at(1));
  shop.commit({success(sale, lease, 1)});
  const auto error = error_of([&] { shop.repositories.ensure_shards(4); });
  ASSERT_TRUE(error);
  EXPECT_THAT(error->what(), HasSubstr("in 1 queue shard; expected 4"));
  EXPECT_EQ(shards(), 1);
  shop.repositories.ensure_shards(1);
}

TEST_P(QueueShardsTest, SeveralProcessesMayMakeThemAtOnce) {
  {
    std::latch ready{4};
    std::vector<std::jthread> starters;
    for (int i = 0; i < 4; ++i) {
      starters.emplace_back([&] {
        const auto database = shop.storage.open();
        Repositories repositories(*database);
        ready.arrive_and_wait();
        repositories.ensure_shards(4);
      });
    }
  }
  EXPECT_EQ(shards(), 4);
}

}  // namespace
}  // namespace stampede::repositories::sql
