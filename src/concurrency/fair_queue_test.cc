#include "concurrency/fair_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

namespace stampede::concurrency {
namespace {

using Result = FairQueue::Result;
using Path = std::vector<std::string>;

class FairQueueTest : public testing::Test {
 protected:
  /// What runs is appended to ran_.
  FairQueue::Task task(std::string name) {
    return [this, name = std::move(name)] { ran_ += name + ' '; };
  }
  Result push(FairQueue& queue, const Path& path, const std::string& name) {
    auto pushed = queue.push(path, task(name));
    if (pushed.displaced) pushed.displaced(), ran_ += "displaced ";
    return pushed.result;
  }
  void push_all(FairQueue& queue, const Path& path, std::initializer_list<const char*> names) {
    for (const char* name : names) EXPECT_EQ(push(queue, path, name), Result::kQueued) << name;
  }
  std::string run_all(FairQueue& queue) {
    while (auto next = queue.pop()) next();
    return std::exchange(ran_, {});
  }

  std::string ran_;
};

TEST_F(FairQueueTest, OfOnePathInOrder) {
  FairQueue queue({});
  push_all(queue, {"7", "ada"}, {"1", "2", "3"});
  EXPECT_EQ(run_all(queue), "1 2 3 ");
  EXPECT_EQ(queue.pop(), nullptr);
}

TEST_F(FairQueueTest, OfFewTheWidestComeFirst) {
  FairQueue queue({});
  push_all(queue, {"flood", "1"}, {"f1", "f2"});
  push_all(queue, {"flood", "2"}, {"g1"});
  push_all(queue, {"flood", "3"}, {"h1"});
  push_all(queue, {"few", "1"}, {"a1", "a2"});
  for (int i = 0; i < 2; ++i) queue.pop_of_few(2)();
  EXPECT_EQ(std::exchange(ran_, {}), "a1 a2 ");
  EXPECT_EQ(queue.pop_of_few(2), nullptr) << "four wait, in three groups";
  for (int i = 0; i < 2; ++i) queue.pop()();
  queue.pop_of_few(2)();
  EXPECT_EQ(std::exchange(ran_, {}), "f1 g1 h1 ");
  EXPECT_EQ(run_all(queue), "f2 ");
}

TEST_F(FairQueueTest, TheFewOfManyAreNone) {
  FairQueue queue({});
  push_all(queue, {"strangers", "1"}, {"f1", "f2", "f3"});
  push_all(queue, {"strangers", "2"}, {"a1"});
  queue.pop_of_few(2)();
  EXPECT_EQ(std::exchange(ran_, {}), "a1 ");
  push_all(queue, {"strangers", "2"}, {"a2"});
  push_all(queue, {"strangers", "3"}, {"b1"});
  EXPECT_EQ(queue.pop_of_few(2), nullptr) << "three groups";
}

TEST_F(FairQueueTest, GroupsTakeTurnsAtEveryLevel) {
  FairQueue queue({});
  push_all(queue, {"1", "flood"}, {"a1", "a2", "a3"});
  push_all(queue, {"1", "bob"}, {"b1"});
  push_all(queue, {"2", "eve"}, {"c1", "c2"});
  EXPECT_EQ(run_all(queue), "a1 c1 b1 c2 a2 a3 ");
}

TEST_F(FairQueueTest, ManySmallGroupsOfOneTakeItsTurnsOnly) {
  FairQueue queue({});
  for (const char* name : {"a", "b", "c", "d"}) push(queue, {"1", name, "x"}, name);
  push_all(queue, {"2", "1", "ada"}, {"ada1", "ada2"});
  EXPECT_EQ(run_all(queue), "a ada1 b ada2 c d ");
}

TEST_F(FairQueueTest, AGroupThatHadNothingWaitingComesFirst) {
  FairQueue queue({});
  push_all(queue, {"1", "flood"}, {"f1", "f2", "f3"});
  push_all(queue, {"2", "flood"}, {"g1", "g2", "g3"});
  for (int i = 0; i < 2; ++i) queue.pop()();
  push(queue, {"3", "ada"}, "ada");
  push(queue, {"1", "bob"}, "bob");
  EXPECT_EQ(run_all(queue), "f1 g1 ada bob g2 f2 g3 f3 ");
}

TEST_F(FairQueueTest, OneThatComesAgainAtOnceTakesItsTurn) {
  FairQueue queue({.per_path = 6});
  push_all(queue, {"flood"}, {"f1", "f2", "f3", "f4", "f5", "f6"});
  queue.pop()();
  push(queue, {"ada"}, "a1");
  queue.pop()();
  push(queue, {"ada"}, "a2");
  for (int i = 0; i < 3; ++i) queue.pop()();
  EXPECT_EQ(std::exchange(ran_, {}), "f1 a1 f2 a2 f3 ");
  push(queue, {"ada"}, "a3");
  EXPECT_EQ(run_all(queue), "a3 f4 f5 f6 ") << "its round is over";
}

TEST_F(FairQueueTest, NewcomersWithoutEndLeaveTheOthersOneTurnOfFive) {
  FairQueue queue({});
  push_all(queue, {"ada"}, {"a1", "a2", "a3"});
  queue.pop()();
  for (const char* name : {"b", "c", "d", "e", "f", "g", "h", "i", "j"}) {
    push(queue, {name}, name);
  }
  EXPECT_EQ(run_all(queue), "a1 b c d a2 e f g h a3 i j ");
}

/// An account that comes again within a round is not the one to make room for names that are new.
TEST_F(FairQueueTest, OfGroupsThatAreAsLongTheOneWhoseTurnIsLastMakesRoom) {
  FairQueue queue({.in_all = 8});
  push_all(queue, {"1", "ada"}, {"a1", "a2"});
  queue.pop()();
  for (const char* name : {"b", "c", "d", "e", "f", "g"}) push(queue, {"1", name}, name);
  EXPECT_EQ(push(queue, {"2", "eve"}, "eve"), Result::kQueued);
  EXPECT_EQ(push(queue, {"2", "bob"}, "bob"), Result::kQueued);
  EXPECT_EQ(run_all(queue), "a1 g displaced eve b bob c d a2 e f ");
}

/// Of names that are new with every task, as many stay known as wait, and a few.
TEST_F(FairQueueTest, NamesAreForgottenAfterARound) {
  FairQueue queue({.in_all = 100});
  push_all(queue, {"1", "old"}, {"o1", "o2"});
  for (int i = 0; i < 5'000; ++i) {
    push(queue, {"1", std::to_string(i)}, ".");
    if (i % 4 == 0) push(queue, {"1", "old"}, ".");
    queue.pop()();
  }
  EXPECT_LT(queue.groups(), 500U);
  while (queue.pop()) {
  }
  EXPECT_EQ(queue.groups(), 0U);
}

TEST_F(FairQueueTest, WhatANewcomerHadBeforeItsTurnMayMakeRoom) {
  FairQueue queue({.in_all = 2});
  push_all(queue, {"1"}, {"a", "b"});
  EXPECT_EQ(push(queue, {"2"}, "c"), Result::kQueued);
  EXPECT_EQ(run_all(queue), "b displaced a c ");
  push_all(queue, {"1"}, {"d"});
  EXPECT_EQ(run_all(queue), "d ");
}

TEST_F(FairQueueTest, APathHasFewWaiting) {
  FairQueue queue({.per_path = 2});
  push_all(queue, {"1", "ada"}, {"1", "2"});
  EXPECT_EQ(push(queue, {"1", "ada"}, "3"), Result::kPathIsFull);
  EXPECT_EQ(push(queue, {"1", "bob"}, "4"), Result::kQueued);
  EXPECT_EQ(push(queue, {"2", "ada"}, "5"), Result::kQueued) << "of another network";
  queue.pop()();
  EXPECT_EQ(push(queue, {"1", "ada"}, "6"), Result::kQueued) << "one has gone";
}

TEST_F(FairQueueTest, WhereItIsFullTheLongestMakesRoom) {
  FairQueue queue({.in_all = 4});
  for (const char* name : {"a", "b", "c", "d"}) push(queue, {"1", name}, name);
  EXPECT_EQ(push(queue, {"1", "e"}, "e"), Result::kFull) << "all of its network have one";
  EXPECT_EQ(push(queue, {"2", "ada"}, "1"), Result::kQueued);
  EXPECT_EQ(std::exchange(ran_, {}), "d displaced ");
  EXPECT_EQ(push(queue, {"2", "bob"}, "2"), Result::kQueued);
  EXPECT_EQ(std::exchange(ran_, {}), "c displaced ");
  EXPECT_EQ(push(queue, {"2", "eve"}, "3"), Result::kFull) << "both have the same";
  EXPECT_EQ(run_all(queue), "a 1 b 2 ");
}

/// Also if that is the newcomer's own network: among its accounts the same holds.
TEST_F(FairQueueTest, WithinANetworkTheLongestAccountMakesRoom) {
  FairQueue queue({.in_all = 4});
  push_all(queue, {"1", "flood"}, {"f1", "f2", "f3"});
  push_all(queue, {"2", "eve"}, {"e1"});
  EXPECT_EQ(push(queue, {"1", "ada"}, "ada"), Result::kQueued);
  EXPECT_EQ(std::exchange(ran_, {}), "f3 displaced ");
  EXPECT_EQ(push(queue, {"1", "flood"}, "f4"), Result::kFull);
  EXPECT_EQ(run_all(queue), "f1 e1 ada f2 ");
}

TEST_F(FairQueueTest, NoNumberOfSmallGroupsFillsItUpAgainstAnother) {
  FairQueue queue({.in_all = 4});
  for (const char* name : {"a", "b", "c", "d"}) push(queue, {"1", name, "x"}, name);
  EXPECT_EQ(push(queue, {"2", "1", "ada"}, "ada"), Result::kQueued);
  EXPECT_EQ(run_all(queue), "d displaced a ada b c ");
}

TEST_F(FairQueueTest, EveryTaskIsRunOrDisplacedOnce) {
  FairQueue queue({.in_all = 8, .per_path = 3});
  std::size_t taken = 0;
  for (int i = 0; i < 1'000; ++i) {
    const Path path = {std::to_string(i % 3), std::to_string(i * i % 5), std::to_string(i % 7)};
    taken += push(queue, path, ".") == Result::kQueued ? 1 : 0;
    if (i % 4 == 0) queue.pop()();
  }
  while (auto next = queue.pop()) next();
  EXPECT_EQ(static_cast<std::size_t>(std::ranges::count(ran_, '.')), taken);
  EXPECT_GT(taken, 250U);
}

TEST_F(FairQueueTest, ATaskThatIsRefusedIsUntouched) {
  FairQueue queue_of_one({.in_all = 1, .per_path = 1});
  const Path ada = {"1", "ada"};
  auto first = task("1");
  auto second = task("2");
  EXPECT_EQ(queue_of_one.push(ada, std::move(first)).result, Result::kQueued);
  EXPECT_EQ(queue_of_one.push(ada, std::move(second)).result, Result::kPathIsFull);
  ASSERT_TRUE(second);
  second();
  EXPECT_EQ(ran_, "2 ");
}

}  // namespace
}  // namespace stampede::concurrency
