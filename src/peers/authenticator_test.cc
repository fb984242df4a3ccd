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

TEST(Authenticator, RefusesANameThatNoTokenHolds) {
  const test::TestRing keys;
  EXPECT_THROW(Authenticator(keys.ring(), std::string(65, 'a')), std::invalid_argument);
}

}  // namespace
}  // namespace stampede::peers
