#include "model/orders/order_number.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace stampede {
namespace {

TEST(OrderNumber, EveryShardGivesItsOwn) {
  constexpr std::int64_t kShards = 4;
  std::int64_t next = 1;
  for (std::int64_t seq = 1; seq <= 3; ++seq) {
    for (std::int64_t shard = 0; shard < kShards; ++shard, ++next) {
      const OrderNumber number = number_of(seq, shard, kShards);
      EXPECT_EQ(number, OrderNumber{next});
      EXPECT_EQ(shard_of(number, kShards), shard);
      for (std::int64_t other = 0; other < kShards; ++other) {
        EXPECT_EQ(last_seq_before(number, other, kShards), other < shard ? seq : seq - 1);
      }
    }
  }
  EXPECT_EQ(last_seq_before(OrderNumber{1}, 3, kShards), 0);
}

}  // namespace
}  // namespace stampede
