#include "queue/local/local_queue.h"

#include <gtest/gtest.h>

#include <thread>

namespace stampede::queue::local {
namespace {

Purchase purchase(std::int64_t buyer) {
  return {.sale = SaleId{1},
          .buyer = UserId{buyer},
          .intent = *IdempotencyKey::parse("0123456789abcdef"),
          .lease = LeaseId{1},
          .created_at = {}};
}

std::int64_t buyer_of(const Message& message) { return std::get<Purchase>(message).buyer.value; }

TEST(LocalQueue, KeepsTheOrderAndTheBound) {
  LocalQueue queue(2);
  ASSERT_EQ(queue.publish(purchase(1)), Published::kQueued);
  ASSERT_EQ(queue.publish(purchase(2)), Published::kQueued);
  EXPECT_EQ(queue.publish(purchase(3)), Published::kRefused) << "beyond the bound";
  queue.publish(CloseMarker{LeaseId{1}});  // always finds room
  std::vector<Message> batch;
  ASSERT_TRUE(queue.receive(batch, 10));
  ASSERT_EQ(batch.size(), 3);
  EXPECT_EQ(buyer_of(batch[0]), 1);
  EXPECT_EQ(buyer_of(batch[1]), 2);
  EXPECT_EQ(std::get<CloseMarker>(batch[2]).lease, LeaseId{1});
  EXPECT_EQ(queue.publish(purchase(4)), Published::kQueued);
}

TEST(LocalQueue, HandsOutAtMostWhatIsAskedFor) {
  LocalQueue queue(10);
  for (int i = 1; i <= 5; ++i) ASSERT_EQ(queue.publish(purchase(i)), Published::kQueued);
  std::vector<Message> batch;
  ASSERT_TRUE(queue.receive(batch, 3));
  EXPECT_EQ(batch.size(), 3);
  ASSERT_TRUE(queue.receive(batch, 3));
  ASSERT_EQ(batch.size(), 2);
  EXPECT_EQ(buyer_of(batch[0]), 4);
}

TEST(LocalQueue, RefusesWhileTheDatabaseIsAway) {
  LocalQueue queue(10);
  queue.stall(true);
  EXPECT_EQ(queue.publish(purchase(1)), Published::kRefused);
  queue.stall(false);
  EXPECT_EQ(queue.publish(purchase(1)), Published::kQueued);
}

TEST(LocalQueue, ShutHandsOutTheRestAndEnds) {
  LocalQueue queue(10);
  ASSERT_EQ(queue.publish(purchase(1)), Published::kQueued);
  queue.shut();
  EXPECT_EQ(queue.publish(purchase(2)), Published::kRefused);
  std::vector<Message> batch;
  EXPECT_TRUE(queue.receive(batch, 10));
  EXPECT_FALSE(queue.receive(batch, 10));
}

TEST(LocalQueue, WakesItsConsumerAcrossThreads) {
  constexpr std::int64_t kPurchases = 20'000;
  LocalQueue queue(1'000'000);
  std::int64_t next = 1;
  std::jthread consumer([&] {
    std::vector<Message> batch;
    while (queue.receive(batch, 100)) {
      for (const Message& message : batch) ASSERT_EQ(buyer_of(message), next++);
    }
  });
  for (std::int64_t i = 1; i <= kPurchases; ++i)
    ASSERT_EQ(queue.publish(purchase(i)), Published::kQueued);
  queue.shut();
  consumer.join();
  EXPECT_EQ(next, kPurchases + 1);
}

}  // namespace
}  // namespace stampede::queue::local
