#include "model/orders/shard_end.h"

#include <gtest/gtest.h>

namespace stampede {
namespace {

/// In the database, and so not to be changed.
TEST(ShardEnd, TellsItsOrdersByOneNumber) {
  Order order{.number = {},
              .sale = {1},
              .buyer = {7},
              .intent = *IdempotencyKey::parse("0123456789abcdef"),
              .slot = 1,
              .lease = {3},
              .seq = 1};
  ShardEnd end;
  end.add(order);
  EXPECT_EQ(end, (ShardEnd{.seq = 1, .digest = -5490524256734023406, .digest_seq = 1}));
  const auto with = [&](auto change) {
    Order other = order;
    change(other);
    ShardEnd of_other;
    of_other.add(other);
    return of_other.digest;
  };
  EXPECT_NE(with([](Order& other) { other.reason = FailureReason::kNoUnit; }), end.digest);
  EXPECT_NE(with([](Order& other) { other.buyer = {8}; }), end.digest);
  EXPECT_NE(with([](Order& other) { other.sale = {2}; }), end.digest);
  EXPECT_NE(with([](Order& other) { other.seq = 2; }), end.digest);
  EXPECT_NE(with([](Order& other) { other.intent = *IdempotencyKey::parse("another-key-of-it"); }),
            end.digest);
  EXPECT_EQ(with([](Order& other) { other.lease = {4}; }), end.digest) << "no outcome";
  ShardEnd two = end;
  two.add(order);
  EXPECT_NE(two.digest, end.digest) << "all before count";
}

}  // namespace
}  // namespace stampede
