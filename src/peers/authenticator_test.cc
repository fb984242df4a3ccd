#include "peers/authenticator.h"

#include <gtest/gtest.h>

#include "tests/support/test_ring.h"

namespace stampede::peers {
namespace {

using std::chrono::milliseconds;

constexpr Instant kNow{std::chrono::seconds{1'800'000'000}};
constexpr UserId kBuyer{7};
constexpr auto kLifetime = Authenticator::kLifetime;

class AuthenticatorTest : public testing::Test {
 protected:
  test::TestRing keys_;
  Authenticator a_{keys_.ring(), "a"};
  Authenticator b_{keys_.ring(), "quantity"};
};

TEST_F(AuthenticatorTest, PeersWithTheSameKeysKnowEachOther) {
  const auto forward = b_.open_forward(a_.seal_forward(kBuyer, kNow), kNow);
  ASSERT_TRUE(forward);
  EXPECT_EQ(forward->name, "a");
  EXPECT_EQ(forward->buyer, kBuyer);
  const auto quantity = a_.open_quantity(b_.seal_quantity(kNow), kNow);
  ASSERT_TRUE(quantity);
  EXPECT_EQ(quantity->name, "quantity");
}

TEST_F(AuthenticatorTest, ATokenIsGoodForOneThingAlone) {
  EXPECT_FALSE(b_.open_quantity(a_.seal_forward(kBuyer, kNow), kNow));
  EXPECT_FALSE(b_.open_forward(a_.seal_quantity(kNow), kNow));
}

TEST_F(AuthenticatorTest, OtherKeysAndOtherTokensDoNotOpen) {
  test::TestRing other_keys;
  const Authenticator stranger(other_keys.ring(), "a");
  EXPECT_FALSE(b_.open_forward(stranger.seal_forward(kBuyer, kNow), kNow));
  EXPECT_FALSE(b_.open_quantity(stranger.seal_quantity(kNow), kNow));
  EXPECT_FALSE(b_.open_forward("", kNow));
  EXPECT_FALSE(b_.open_forward("a", kNow));
  auto changed = a_.seal_forward(kBuyer, kNow);
  changed[20] = changed[20] == 'A' ? 'B' : 'A';
  EXPECT_FALSE(b_.open_forward(changed, kNow));
  const auto form = keys_.ring().seal(identity::Purpose::kForm, "forward");
  EXPECT_FALSE(b_.open_forward(form, kNow));
}

TEST_F(AuthenticatorTest, ClocksMayBeThirtySecondsApart) {
  const auto token = a_.seal_quantity(kNow);
  EXPECT_TRUE(b_.open_quantity(token, kNow + kLifetime - milliseconds{1}));
  EXPECT_FALSE(b_.open_quantity(token, kNow + kLifetime));
  EXPECT_TRUE(b_.open_quantity(token, kNow - kLifetime));
  EXPECT_FALSE(b_.open_quantity(token, kNow - kLifetime - milliseconds{1}));
}

TEST_F(AuthenticatorTest, AClientWhoseClockIsWrongLearnsTheTimeAndDatesTokensByIt) {
  constexpr std::chrono::hours kWrongBy{1};
  using Fault = Authenticator::Fault;
  for (const Instant wrong : {kNow + kWrongBy, kNow - kWrongBy}) {
    const auto token = a_.seal_quantity(wrong);
    EXPECT_EQ(b_.open_quantity(token, kNow).error(), Fault::kStale);
    EXPECT_EQ(b_.open_forward(token, kNow).error(), Fault::kForged);
    const auto time = a_.open_time(b_.seal_time(token, kNow), token);
    ASSERT_EQ(time, kNow);
    a_.learn_time(*time, wrong);
    EXPECT_TRUE(b_.open_quantity(a_.seal_quantity(wrong), kNow));
    EXPECT_TRUE(a_.open_forward(b_.seal_forward(kBuyer, kNow), wrong)) << "others' too";
    a_.learn_time(wrong, wrong);
  }
}

TEST_F(AuthenticatorTest, ATimeIsForOneTokenAndNoTokenItself) {
  const auto token = a_.seal_quantity(kNow);
  const auto other = a_.seal_quantity(kNow);
  const auto time = b_.seal_time(token, kNow);
  EXPECT_FALSE(a_.open_time(time, other)) << "a recorded answer";
  EXPECT_FALSE(a_.open_time(token, token));
  EXPECT_FALSE(a_.open_time("", token));
  EXPECT_EQ(b_.open_quantity(time, kNow).error(), Authenticator::Fault::kForged);
  EXPECT_EQ(b_.open_forward(time, kNow).error(), Authenticator::Fault::kForged);
  const test::TestRing other_keys;
  const Authenticator stranger(other_keys.ring(), "quantity");
  EXPECT_FALSE(a_.open_time(stranger.seal_time(token, kNow), token));
}

TEST(Authenticator, RefusesANameThatNoTokenHolds) {
  const test::TestRing keys;
  EXPECT_THROW(Authenticator(keys.ring(), std::string(65, 'a')), std::invalid_argument);
}

}  // namespace
}  // namespace stampede::peers
