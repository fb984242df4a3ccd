#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/admission/blacklist.h"
#include "services/admission/early_attempts.h"
#include "services/admission/token_bucket.h"

namespace stampede::services::admission {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Tick kStart{seconds{1'000}};
constexpr Instant kWall{seconds{1'800'000'000}};

int takes(TokenBucket& bucket, Tick now, int most) {
  int taken = 0;
  while (taken < most && bucket.take(now)) ++taken;
  return taken;
}

TEST(TokenBucket, StartsFullAndRefillsAtItsRate) {
  TokenBucket bucket(1'000, 1'000);
  EXPECT_EQ(takes(bucket, kStart, 5'000), 1'000);
  EXPECT_FALSE(bucket.take(kStart + microseconds{999}));
  EXPECT_TRUE(bucket.take(kStart + milliseconds{1}));
  EXPECT_FALSE(bucket.take(kStart + milliseconds{1}));
  EXPECT_EQ(takes(bucket, kStart + milliseconds{251}, 5'000), 250);
  EXPECT_EQ(takes(bucket, kStart + seconds{100}, 5'000), 1'000) << "never more than its size";
}

TEST(TokenBucket, ZeroIsNoBucket) {
  TokenBucket bucket(0, 1);
  EXPECT_EQ(takes(bucket, kStart, 5'000), 5'000);
}

TEST(TokenBucket, SaysHowLongATokenTakes) {
  EXPECT_EQ(TokenBucket(1'000, 10).wait(), milliseconds{1});
  EXPECT_EQ(TokenBucket(2, 10).wait(), milliseconds{500});
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
