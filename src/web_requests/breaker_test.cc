#include "web_requests/breaker.h"

#include <gtest/gtest.h>

namespace stampede::web_requests {
namespace {

using std::chrono::milliseconds;

class BreakerTest : public testing::Test {
 protected:
  void fail(int times) {
    for (int i = 0; i < times; ++i) {
      ASSERT_TRUE(breaker_.admit(now_)) << i;
      breaker_.failed(now_);
    }
  }

  Tick now_{std::chrono::hours{1}};
  Breaker breaker_{{.failures = 3, .pause = milliseconds{1000}}};
};

TEST_F(BreakerTest, RefusesAfterSoManyFailuresInARow) {
  fail(2);
  EXPECT_TRUE(breaker_.would_admit(now_));
  fail(1);
  EXPECT_FALSE(breaker_.would_admit(now_));
  EXPECT_FALSE(breaker_.admit(now_));
}

TEST_F(BreakerTest, ASuccessBetweenBeginsTheCountAnew) {
  fail(2);
  ASSERT_TRUE(breaker_.admit(now_));
  breaker_.succeeded();
  fail(2);
  EXPECT_TRUE(breaker_.would_admit(now_));
}

TEST_F(BreakerTest, LetsOneThroughAfterThePause) {
  fail(3);
  now_ += milliseconds{999};
  EXPECT_FALSE(breaker_.admit(now_));
  now_ += milliseconds{1};
  EXPECT_TRUE(breaker_.would_admit(now_));
  EXPECT_TRUE(breaker_.admit(now_));
  EXPECT_FALSE(breaker_.admit(now_)) << "alone";
  breaker_.succeeded();
  EXPECT_TRUE(breaker_.admit(now_));
  EXPECT_TRUE(breaker_.admit(now_));
}

TEST_F(BreakerTest, AFailureAfterThePauseBeginsAnother) {
  fail(3);
  now_ += milliseconds{1000};
  fail(1);
  EXPECT_FALSE(breaker_.admit(now_ + milliseconds{999}));
  EXPECT_TRUE(breaker_.admit(now_ + milliseconds{1000}));
}

TEST_F(BreakerTest, OneThatWasGivenUpLeavesTheTryToAnother) {
  fail(3);
  now_ += milliseconds{1000};
  ASSERT_TRUE(breaker_.admit(now_));
  breaker_.given_up();
  EXPECT_TRUE(breaker_.admit(now_));
}

}  // namespace
}  // namespace stampede::web_requests
