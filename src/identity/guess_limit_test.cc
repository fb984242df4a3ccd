#include "identity/guess_limit.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace stampede::identity {
namespace {

using std::chrono::seconds;

constexpr Tick kStart{seconds{1000}};

TEST(GuessLimit, AllowsSoManyInAMinute) {
  GuessLimit limit(5);
  for (int i = 0; i < 5; ++i) {
    EXPECT_FALSE(limit.exhausted("a", kStart + seconds{i}));
    EXPECT_TRUE(limit.charge("a", kStart + seconds{i}));
  }
  EXPECT_TRUE(limit.exhausted("a", kStart + seconds{59}));
  EXPECT_FALSE(limit.charge("a", kStart + seconds{59}));
  EXPECT_TRUE(limit.charge("b", kStart + seconds{59}));
  EXPECT_FALSE(limit.exhausted("a", kStart + seconds{60}));
  EXPECT_TRUE(limit.charge("a", kStart + seconds{60}));
}

TEST(GuessLimit, GivesBackWhatWasRight) {
  GuessLimit limit(1);
  EXPECT_TRUE(limit.charge("a", kStart));
  limit.forgive("a");
  limit.forgive("a");  // never below none
  limit.forgive("unknown");
  EXPECT_TRUE(limit.charge("a", kStart));
  EXPECT_FALSE(limit.charge("a", kStart));
}

TEST(GuessLimit, TellsHowLongAWindowOfItsOwnLasts) {
  GuessLimit limit(1, 10, seconds{90});
  EXPECT_EQ(limit.left("a", kStart), seconds{0});
  EXPECT_TRUE(limit.charge("a", kStart));
  EXPECT_FALSE(limit.charge("a", kStart + seconds{89}));
  EXPECT_EQ(limit.left("a", kStart + seconds{89}), seconds{1});
  EXPECT_EQ(limit.left("a", kStart + seconds{90}), seconds{0});
  EXPECT_TRUE(limit.charge("a", kStart + seconds{90}));
}

TEST(GuessLimit, OfZeroAllowsNothing) {
  GuessLimit limit(0);
  EXPECT_FALSE(limit.charge("a", kStart));
}

TEST(GuessLimit, ForgetsTheOldestKeysBeyondItsCapacity) {
  GuessLimit limit(1, 3);
  for (const char* key : {"a", "b", "c", "d"}) EXPECT_TRUE(limit.charge(key, kStart));
  for (const char* key : {"b", "c", "d"}) EXPECT_TRUE(limit.exhausted(key, kStart)) << key;
  EXPECT_FALSE(limit.exhausted("a", kStart));
}

TEST(GuessLimit, ParallelTriesDoNotSlipThrough) {
  GuessLimit limit(5);
  std::atomic<int> allowed{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int k = 0; k < 1000; ++k) allowed += limit.charge("a", kStart) ? 1 : 0;
      });
    }
  }
  EXPECT_EQ(allowed, 5);
}

}  // namespace
}  // namespace stampede::identity
