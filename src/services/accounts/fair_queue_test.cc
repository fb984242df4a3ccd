#include "services/accounts/fair_queue.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace stampede::services::accounts {
namespace {

using Refused = FairQueue::Refused;

class FairQueueTest : public testing::Test {
 protected:
  /// What runs is appended to ran_.
  FairQueue::Task task(std::string name) {
    return [this, name = std::move(name)] { ran_ += name + ' '; };
  }
  Refused push(FairQueue& queue, std::uint64_t network, const std::string& account,
               const std::string& name) {
    auto pushed = queue.push(network, account, task(name));
    if (pushed.displaced) pushed.displaced(), ran_ += "displaced ";
    return pushed.refused;
  }
  std::string run_all(FairQueue& queue) {
    while (auto next = queue.pop()) next();
    return std::exchange(ran_, {});
  }

  std::string ran_;
};

TEST_F(FairQueueTest, OfOneAccountInOrder) {
  FairQueue queue({});
  for (const char* name : {"1", "2", "3"}) EXPECT_EQ(push(queue, 7, "ada", name), Refused::kNot);
  EXPECT_EQ(run_all(queue), "1 2 3 ");
  EXPECT_EQ(queue.pop(), nullptr);
}

TEST_F(FairQueueTest, NetworksTakeTurnsAndSoDoAccountsOfOne) {
  FairQueue queue({});
  push(queue, 1, "flood", "a1");
  push(queue, 1, "flood", "a2");
  push(queue, 1, "flood", "a3");
  push(queue, 1, "bob", "b1");
  push(queue, 2, "eve", "c1");
  push(queue, 2, "eve", "c2");
  EXPECT_EQ(run_all(queue), "a1 c1 b1 c2 a2 a3 ");
}

TEST_F(FairQueueTest, AnAccountHasFewWaiting) {
  FairQueue queue({.per_account = 2});
  EXPECT_EQ(push(queue, 1, "ada", "1"), Refused::kNot);
  EXPECT_EQ(push(queue, 1, "ada", "2"), Refused::kNot);
  EXPECT_EQ(push(queue, 1, "ada", "3"), Refused::kAccount);
  EXPECT_EQ(push(queue, 1, "bob", "4"), Refused::kNot);
  EXPECT_EQ(push(queue, 2, "ada", "5"), Refused::kNot) << "of another network";
  queue.pop()();
  EXPECT_EQ(push(queue, 1, "ada", "6"), Refused::kNot) << "one has gone";
}

TEST_F(FairQueueTest, ANetworkHasNoMoreThanItsPart) {
  FairQueue queue({.per_network = 2});
  EXPECT_EQ(push(queue, 1, "ada", "1"), Refused::kNot);
  EXPECT_EQ(push(queue, 1, "bob", "2"), Refused::kNot);
  EXPECT_EQ(push(queue, 1, "eve", "3"), Refused::kFull);
  EXPECT_EQ(push(queue, 2, "eve", "4"), Refused::kNot);
}

TEST_F(FairQueueTest, WhereItIsFullTheLongestMakesRoom) {
  FairQueue queue({.in_all = 4});
  for (const char* name : {"a", "b", "c", "d"}) push(queue, 1, name, name);
  EXPECT_EQ(push(queue, 1, "e", "e"), Refused::kFull) << "it is the longest itself";
  EXPECT_EQ(push(queue, 2, "ada", "1"), Refused::kNot);
  EXPECT_EQ(std::exchange(ran_, {}), "d displaced ");
  EXPECT_EQ(push(queue, 2, "bob", "2"), Refused::kNot);
  EXPECT_EQ(std::exchange(ran_, {}), "c displaced ");
  EXPECT_EQ(push(queue, 2, "eve", "3"), Refused::kFull) << "both have the same";
  EXPECT_EQ(run_all(queue), "a 1 b 2 ");
}

TEST_F(FairQueueTest, ATaskThatIsRefusedIsUntouched) {
  FairQueue queue_of_one({.in_all = 1, .per_account = 1});
  auto first = task("1");
  auto second = task("2");
  EXPECT_EQ(queue_of_one.push(1, "ada", std::move(first)).refused, Refused::kNot);
  EXPECT_EQ(queue_of_one.push(1, "ada", std::move(second)).refused, Refused::kAccount);
  ASSERT_TRUE(second);
  second();
  EXPECT_EQ(ran_, "2 ");
}

}  // namespace
}  // namespace stampede::services::accounts
