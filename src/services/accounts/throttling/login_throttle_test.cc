#include "services/accounts/throttling/login_throttle.h"

#include <gtest/gtest.h>

#include <string>

namespace stampede::services::accounts {
namespace {

using std::chrono::minutes;
using Source = LoginThrottle::Source;

constexpr Tick kStart{std::chrono::hours{1}};

TEST(GrowingDelay, DoublesFromAMinuteToAnHour) {
  GrowingDelay delay;
  Tick now = kStart;
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(delay.charge("ada", 3, now)) << "free";
  for (const int wait : {1, 2, 4, 8, 16, 32, 60, 60, 60}) {
    now += minutes{wait};
    EXPECT_TRUE(delay.waits("ada", 3, now - Tick::duration{1})) << wait;
    EXPECT_FALSE(delay.charge("ada", 3, now - Tick::duration{1})) << wait;
    EXPECT_FALSE(delay.waits("ada", 3, now)) << wait;
    EXPECT_TRUE(delay.charge("ada", 3, now)) << wait;
  }
  EXPECT_TRUE(delay.charge("bob", 3, now)) << "another key";
}

TEST(GrowingDelay, EndsWithARightTryOrADay) {
  GrowingDelay delay;
  EXPECT_TRUE(delay.charge("ada", 1, kStart) && delay.charge("bob", 1, kStart));
  delay.was_right("ada");
  delay.was_right("nobody");
  EXPECT_TRUE(delay.charge("ada", 1, kStart));
  const Tick tomorrow = kStart + GrowingDelay::kRemembered;
  EXPECT_TRUE(delay.charge("bob", 2, tomorrow));
  EXPECT_TRUE(delay.charge("bob", 2, tomorrow)) << "the second, not the third";
}

TEST(GrowingDelay, ForgetsTheOldestOfTooMany) {
  GrowingDelay delay(2);
  EXPECT_TRUE(delay.charge("ada", 1, kStart) && delay.charge("bob", 1, kStart));
  EXPECT_TRUE(delay.charge("ada", 1, kStart + minutes{1}));
  EXPECT_TRUE(delay.charge("eve", 1, kStart + minutes{1}));
  EXPECT_TRUE(delay.waits("ada", 1, kStart + minutes{1}));
  EXPECT_TRUE(delay.charge("bob", 5, kStart + minutes{1}));
  EXPECT_FALSE(delay.waits("ada", 1, kStart + minutes{1})) << "now the oldest";
}

TEST(LoginThrottle, CountsARightTryAsNoWrongOne) {
  LoginThrottle throttle({.wrong_per_place = 1, .wrong_per_network = 1, .wrong_per_account = 1});
  for (const Source& source : {Source("ada", 7), Source("ada", 7, "device")}) {
    for (int i = 0; i < 3; ++i) {
      const auto charged = throttle.charge(source, kStart);
      ASSERT_TRUE(charged) << i;
      throttle.was_right(source, *charged, kStart);
    }
  }
}

TEST(LoginThrottle, ARefusedTryIsChargedToNobody) {
  LoginThrottle throttle({.wrong_per_place = 1, .wrong_per_network = 2, .wrong_per_account = 2});
  ASSERT_TRUE(throttle.charge(Source("ada", 7), kStart));
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(throttle.charge(Source("ada", 7), kStart));
  EXPECT_TRUE(throttle.charge(Source("bob", 7), kStart)) << "the network has one left";
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(throttle.charge(Source("eve", 7), kStart));
  EXPECT_TRUE(throttle.charge(Source("ada", 8), kStart)->account) << "the account has one left";
  EXPECT_TRUE(throttle.charge(Source("eve", 8), kStart)->account);
}

TEST(LoginThrottle, ANetworkThatHasNotGuessedHasOneTryOfAnAttackedAccount) {
  LoginThrottle throttle({.wrong_per_place = 2, .wrong_per_account = 4});
  for (const int network : {1, 2}) {
    for (int i = 0; i < 2; ++i) ASSERT_TRUE(throttle.charge(Source("ada", network), kStart));
  }
  for (int network = 3; network < 100; ++network) {
    const Source owner("ada", network);
    EXPECT_FALSE(throttle.exhausted(owner, kStart));
    EXPECT_TRUE(throttle.charge(owner, kStart));
    EXPECT_TRUE(throttle.exhausted(owner, kStart));
    EXPECT_FALSE(throttle.charge(owner, kStart));
  }
  EXPECT_FALSE(throttle.exhausted(Source("ada", 1, "device"), kStart)) << "counted apart";
}

/// Nine of ten honest people type it right; each right one takes one wrong one off.
TEST(LoginThrottle, ANetworkGuessesThatIsMoreOftenWrongThanRight) {
  LoginThrottle throttle({.wrong_of_guesser = 3});
  for (int i = 0; i < 100; ++i) {
    const Source honest("honest-" + std::to_string(i), 7);
    const auto charged = throttle.charge(honest, kStart);
    ASSERT_TRUE(charged);
    if (i % 10 != 0) throttle.was_right(honest, *charged, kStart);
    ASSERT_FALSE(throttle.guesses(7, kStart));
  }
  for (int i = 0; i < 3; ++i) {
    ASSERT_FALSE(throttle.guesses(8, kStart)) << i;
    EXPECT_TRUE(throttle.charge(Source("victim-" + std::to_string(i), 8), kStart));
  }
  EXPECT_TRUE(throttle.guesses(8, kStart));
  EXPECT_TRUE(throttle.guesses(8, kStart + minutes{9}));
  EXPECT_FALSE(throttle.guesses(8, kStart + minutes{10}));
}

TEST(LoginThrottle, WrongTriesOfDevicesAreNoStrangersOnes) {
  LoginThrottle throttle({.wrong_per_network = 1, .wrong_per_account = 3});
  for (const char* device : {"a", "b", "c"}) {
    EXPECT_TRUE(throttle.charge(Source("ada", 7, device), kStart));
  }
  EXPECT_TRUE(throttle.exhausted(Source("ada", 7, "d"), kStart));
  EXPECT_FALSE(throttle.charge(Source("ada", 7, "d"), kStart));
  EXPECT_TRUE(throttle.charge(Source("ada", 7), kStart));
}

}  // namespace
}  // namespace stampede::services::accounts
