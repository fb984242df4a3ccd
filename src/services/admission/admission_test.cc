#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "services/admission/blacklist.h"
#include "services/admission/early_attempts.h"
#include "services/admission/fair_bucket.h"
#include "services/admission/token_bucket.h"

namespace stampede::services::admission {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Tick kStart{seconds{1'000}};
constexpr Instant kWall{seconds{1'800'000'000}};

int takes(TokenBucket& bucket, const TokenBucket::Size& size, Tick now, int most) {
  int taken = 0;
  while (taken < most && bucket.take(size, now)) ++taken;
  return taken;
}

TEST(TokenBucket, StartsFullAndRefillsAtItsRate) {
  const TokenBucket::Size size(1'000, 1'000);
  TokenBucket bucket;
  EXPECT_EQ(takes(bucket, size, kStart, 5'000), 1'000);
  EXPECT_FALSE(bucket.take(size, kStart + microseconds{999}));
  EXPECT_TRUE(bucket.take(size, kStart + milliseconds{1}));
  EXPECT_FALSE(bucket.take(size, kStart + milliseconds{1}));
  EXPECT_EQ(takes(bucket, size, kStart + milliseconds{251}, 5'000), 250);
  EXPECT_EQ(takes(bucket, size, kStart + seconds{100}, 5'000), 1'000) << "never more than its size";
}

TEST(TokenBucket, ZeroIsNoBucket) {
  const TokenBucket::Size size(0, 1);
  TokenBucket bucket;
  EXPECT_EQ(takes(bucket, size, kStart, 5'000), 5'000);
  EXPECT_FALSE(bucket.below_half(size, kStart));
}

TEST(TokenBucket, KnowsWhetherHalfIsLeft) {
  const TokenBucket::Size size(1'000, 10);
  TokenBucket bucket;
  takes(bucket, size, kStart, 5);
  EXPECT_FALSE(bucket.below_half(size, kStart));
  takes(bucket, size, kStart, 1);
  EXPECT_TRUE(bucket.below_half(size, kStart));
  EXPECT_FALSE(bucket.below_half(size, kStart + milliseconds{1}));
}

class FairBucketTest : public testing::Test {
 protected:
  int takes(const std::string& address, Tick now, int most) {
    int taken = 0;
    while (taken < most && !bucket_.refuse(address, now)) ++taken;
    return taken;
  }
  /// A secret by which the addresses of these tests have different places.
  FairBucket bucket_{{.rate = 1'000, .burst = 1'000, .secret = 0x9E3779B97F4A7C15ULL}};
};

TEST_F(FairBucketTest, AnAddressAloneMayTakeEverything) {
  EXPECT_EQ(takes("192.0.2.1", kStart, 5'000), 1'000);
  EXPECT_EQ(takes("192.0.2.1", kStart + seconds{1}, 5'000), 1'000);
}

TEST_F(FairBucketTest, OthersAreServedWhileOneAsksWithoutEnd) {
  takes("192.0.2.1", kStart, 5'000);
  int served = 0;
  int taken = 0;
  for (int ms = 1; ms <= 10'000; ++ms) {
    const Tick now = kStart + milliseconds{ms};
    taken += takes("192.0.2.1", now, 20);
    const std::string visitor = "198.51.100." + std::to_string(ms % 250);
    if (ms % 10 == 0 && !bucket_.refuse(visitor, now)) ++served;
  }
  EXPECT_GE(served, 990) << "of 1,000";
  EXPECT_LE(taken, 9'000) << "of 10,000 tokens that came";
}

TEST_F(FairBucketTest, WhileOthersAskTheLastHalfIsShared) {
  ASSERT_EQ(takes("192.0.2.1", kStart, 501), 501);
  ASSERT_EQ(takes("198.51.100.1", kStart, 1), 1);
  EXPECT_EQ(takes("192.0.2.1", kStart, 5'000), 100) << "a tenth of the bucket";
  EXPECT_EQ(takes("192.0.2.1", kStart + milliseconds{10}, 5'000), 1) << "and of the rate";
  EXPECT_EQ(takes("198.51.100.1", kStart, 5'000), 99) << "it has taken one";
  EXPECT_EQ(takes("2001:db8::1", kStart, 60) + takes("2001:db8::2", kStart, 60), 100)
      << "of one network";
}

TEST_F(FairBucketTest, ARefusedAddressIsGivenATurn) {
  takes("192.0.2.1", kStart, 1'000);
  for (int turn = 1; turn <= 5; ++turn) {
    EXPECT_EQ(bucket_.refuse("192.0.2.1", kStart), milliseconds{turn});
  }
  EXPECT_EQ(takes("192.0.2.1", kStart + milliseconds{5}, 10), 5) << "as many tokens have come";
  for (int i = 0; i < 50'000; ++i) bucket_.refuse("192.0.2.1", kStart + milliseconds{5});
  EXPECT_EQ(bucket_.refuse("192.0.2.1", kStart + milliseconds{5}), seconds{30});
}

/// An address that was alone until then, and has asked for more than comes in half a minute.
TEST_F(FairBucketTest, OneAddressDoesNotMoveTheTurnsOfOthers) {
  takes("192.0.2.1", kStart, 1'000);
  for (int i = 0; i < 50'000; ++i) bucket_.refuse("192.0.2.1", kStart);
  EXPECT_EQ(bucket_.refuse("198.51.100.1", kStart), milliseconds{1});
}

TEST_F(FairBucketTest, AClientWithoutAnAddressIsBoundByTheWholeBucketAlone) {
  ASSERT_EQ(takes("192.0.2.1", kStart, 501), 501);
  ASSERT_EQ(takes("198.51.100.1", kStart, 1), 1);
  EXPECT_EQ(takes("", kStart, 5'000), 498);
}

TEST_F(FairBucketTest, AMinuteAfterTheOthersOneMayTakeEverythingAgain) {
  takes("192.0.2.1", kStart, 800);
  takes("198.51.100.1", kStart, 1);
  const Tick later = kStart + minutes{2};
  EXPECT_EQ(takes("192.0.2.1", later, 5'000), 1'000);
}

BlacklistEntry entry(std::int64_t user, std::optional<Instant> until) {
  return {.user = UserId{user}, .reason = "test", .expires_at = until, .created_at = kWall};
}

TEST(Blacklist, HoldsTheDatabasesListAndItsExpiries) {
  Blacklist blacklist;
  blacklist.load(std::vector{entry(1, std::nullopt), entry(2, kWall + minutes{1})});
  EXPECT_TRUE(blacklist.holds(UserId{1}, kWall + minutes{100}));
  EXPECT_TRUE(blacklist.holds(UserId{2}, kWall));
  EXPECT_FALSE(blacklist.holds(UserId{2}, kWall + minutes{1}));
  EXPECT_FALSE(blacklist.holds(UserId{3}, kWall));
  blacklist.load({});
  EXPECT_FALSE(blacklist.holds(UserId{1}, kWall)) << "an unbanned buyer";
}

TEST(Blacklist, AnAutomaticEntryHoldsUntilItIsSaved) {
  Blacklist blacklist;
  blacklist.add(entry(1, kWall + minutes{10}));
  EXPECT_TRUE(blacklist.holds(UserId{1}, kWall));
  blacklist.load({});  // the database does not know it yet
  EXPECT_TRUE(blacklist.holds(UserId{1}, kWall));
  auto unsaved = blacklist.take_unsaved();
  ASSERT_EQ(unsaved.size(), 1);
  EXPECT_TRUE(blacklist.take_unsaved().empty());
  blacklist.put_back(std::move(unsaved));
  EXPECT_EQ(blacklist.take_unsaved().size(), 1);
}

TEST(Blacklist, AnAutomaticEntryNeverShortensABan) {
  Blacklist blacklist;
  blacklist.load(std::vector{entry(1, std::nullopt)});
  blacklist.add(entry(1, kWall + minutes{10}));
  EXPECT_TRUE(blacklist.holds(UserId{1}, kWall + minutes{100}));
}

TEST(EarlyAttempts, TheTenthOfAMinuteIsFound) {
  EarlyAttempts attempts;
  for (int i = 1; i < EarlyAttempts::kMost; ++i) {
    EXPECT_FALSE(attempts.note(UserId{1}, kStart + seconds{i}));
  }
  EXPECT_FALSE(attempts.note(UserId{2}, kStart)) << "another buyer";
  EXPECT_TRUE(attempts.note(UserId{1}, kStart + seconds{50}));
}

TEST(EarlyAttempts, TheMinuteSlides) {
  EarlyAttempts attempts;
  for (int i = 1; i < EarlyAttempts::kMost; ++i) attempts.note(UserId{1}, kStart + seconds{i});
  EXPECT_FALSE(attempts.note(UserId{1}, kStart + seconds{61})) << "the first is a minute old";
  EXPECT_TRUE(attempts.note(UserId{1}, kStart + seconds{61})) << "the second is not";
}

TEST(EarlyAttempts, SweepForgetsWhoStopped) {
  EarlyAttempts attempts;
  for (int i = 1; i < EarlyAttempts::kMost; ++i) attempts.note(UserId{1}, kStart);
  attempts.sweep(kStart + seconds{59});
  EXPECT_TRUE(attempts.note(UserId{1}, kStart + seconds{59}));
  for (int i = 1; i < EarlyAttempts::kMost; ++i) attempts.note(UserId{1}, kStart);
  attempts.sweep(kStart + minutes{1});
  EXPECT_FALSE(attempts.note(UserId{1}, kStart));
}

}  // namespace
}  // namespace stampede::services::admission
