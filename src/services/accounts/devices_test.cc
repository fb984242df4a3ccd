#include "services/accounts/devices.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/test_ring.h"

namespace stampede::services::accounts {
namespace {

constexpr Instant kNow{std::chrono::hours{500'000}};
constexpr std::uint64_t kPassword = 1;
constexpr std::uint64_t kNewPassword = 2;

class DevicesTest : public testing::Test {
 protected:
  bool knows(const std::string& cookie, const char* account, Instant now = kNow) const {
    return devices_.find(cookie, account, now).has_value();
  }
  std::string issue(const std::string& cookie, const char* account,
                    std::uint64_t password = kPassword) const {
    return devices_.issue(cookie, account, password, kNow);
  }
  const test::TestRing keys_;
  const Devices devices_{keys_.ring()};
};

TEST_F(DevicesTest, AreKnownForAYear) {
  const std::string cookie = issue("", "ada");
  EXPECT_TRUE(knows(cookie, "ada", kNow + Devices::kLifetime - Instant::duration{1}));
  EXPECT_FALSE(knows(cookie, "ada", kNow + Devices::kLifetime));
  EXPECT_FALSE(knows(cookie, "bob"));
}

TEST_F(DevicesTest, AreToldFromOneAnother) {
  const std::string here = issue("", "ada");
  EXPECT_NE(devices_.find(here, "ada", kNow)->device,
            devices_.find(issue("", "ada"), "ada", kNow)->device);
  EXPECT_EQ(devices_.find(here, "ada", kNow)->device,
            devices_.find(issue(here, "bob"), "ada", kNow)->device);
}

TEST_F(DevicesTest, KnowTheLastThreeAccountsOfAHousehold) {
  const std::string three = issue(issue(issue("", "ada"), "bob"), "eve");
  EXPECT_TRUE(knows(three, "ada") && knows(three, "bob") && knows(three, "eve"));
  const std::string ada_again = issue(three, "ada");
  const std::string fourth = issue(ada_again, "dan");
  EXPECT_TRUE(knows(fourth, "ada") && knows(fourth, "eve") && knows(fourth, "dan"));
  EXPECT_FALSE(knows(fourth, "bob")) << "the one that logged in longest ago";
}

TEST_F(DevicesTest, KnowThePasswordThatLetThemIn) {
  const std::string old = issue("", "ada");
  EXPECT_EQ(devices_.find(old, "ada", kNow)->password, kPassword);
  EXPECT_EQ(devices_.find(issue(old, "ada", kNewPassword), "ada", kNow)->password, kNewPassword);
  EXPECT_EQ(Devices::mark_of("$argon2id$1"), Devices::mark_of("$argon2id$1"));
  EXPECT_NE(Devices::mark_of("$argon2id$1"), Devices::mark_of("$argon2id$2"));
}

TEST_F(DevicesTest, AreNeverMadeUp) {
  const auto& ring = keys_.ring();
  EXPECT_FALSE(knows("", "ada"));
  for (const char* claims :
       {"", "7", "12345678", "12345678\3ada", "12345678\3ada1234567812345678+"}) {
    EXPECT_FALSE(knows(ring.seal(identity::Purpose::kDevice, claims), "ada")) << claims;
    EXPECT_FALSE(knows(ring.seal(identity::Purpose::kDevice, claims), "")) << claims;
  }
  EXPECT_FALSE(knows(issue("", "ada").substr(1), "ada"));
}

}  // namespace
}  // namespace stampede::services::accounts
