#include "queue/shard_queues.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stampede::queue {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

class ShardQueuesTest : public testing::Test {
 protected:
  ShardQueuesTest() { outbox_.connected(1); }

  Outbox outbox_{{}};
  ShardQueues shards_{outbox_};
  Tick now_{100s};
};

TEST_F(ShardQueuesTest, UsesAllAtFirst) {
  EXPECT_EQ(shards_.unusable(), 0);
  EXPECT_EQ(shards_.next_try(), std::nullopt);
  EXPECT_TRUE(outbox_.takes_purchases());
}

TEST_F(ShardQueuesTest, LeavesOutAShardThatIsRefusedUntilItsQueueIsDeclared) {
  shards_.refused(1, now_);
  EXPECT_FALSE(shards_.usable(1));
  EXPECT_TRUE(shards_.usable(0));
  EXPECT_EQ(shards_.unusable(), 1);
  EXPECT_TRUE(outbox_.takes_purchases()) << "of the other shards";
  shards_.declared(1);
  EXPECT_TRUE(shards_.usable(1));
  EXPECT_EQ(shards_.next_try(), std::nullopt);
}

TEST_F(ShardQueuesTest, TriesOnceASecond) {
  shards_.refused(1, now_);
  shards_.refused(2, now_ + 100ms);
  EXPECT_EQ(shards_.next_try(), now_ + 1s);
  EXPECT_THAT(shards_.due(now_ + 999ms), IsEmpty());
  EXPECT_THAT(shards_.due(now_ + 1s), ElementsAre(1));
  EXPECT_THAT(shards_.due(now_ + 1'100ms), ElementsAre(1, 2));
  shards_.refused(1, now_ + 1s);
  EXPECT_THAT(shards_.due(now_ + 1'100ms), ElementsAre(2));
}

TEST_F(ShardQueuesTest, TakesNothingWhereNoShardCanBeUsed) {
  for (std::int32_t shard = 0; shard < kShards; ++shard) shards_.refused(shard, now_);
  EXPECT_FALSE(outbox_.takes_purchases());
  shards_.declared(3);
  EXPECT_TRUE(outbox_.takes_purchases());
}

TEST_F(ShardQueuesTest, DeclaresAgainOnceASecondWhileAQueueIsMissing) {
  EXPECT_FALSE(shards_.restore(now_));
  EXPECT_TRUE(shards_.returned());
  EXPECT_FALSE(shards_.returned()) << "that is known";
  EXPECT_TRUE(shards_.restore(now_));
  EXPECT_FALSE(shards_.restore(now_ + 999ms));
  EXPECT_TRUE(shards_.restore(now_ + 1s)) << "it has not worked";
  shards_.all_declared();
  EXPECT_FALSE(shards_.restore(now_ + 2s));
  EXPECT_TRUE(shards_.returned());
}

}  // namespace
}  // namespace stampede::queue
