#include "services/accounts/sessions.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "tests/support/test_ring.h"

namespace stampede::services::accounts {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

constexpr Instant kNow{hours{500'000}};
constexpr UserId kUser{7};

class SessionsTest : public testing::Test {
 protected:
  const test::TestRing keys_;
  const identity::KeyRing& ring_ = keys_.ring();
  Sessions sessions_{ring_};
};

TEST_F(SessionsTest, KnowsWhomItIssuedACookieTo) {
  const std::string cookie = sessions_.issue(kUser, 3, kNow);
  EXPECT_EQ(sessions_.authenticate(cookie, kNow), kUser);
  EXPECT_EQ(Sessions(ring_).authenticate(cookie, kNow), kUser);  // on another node too
}

TEST_F(SessionsTest, RefusesForgedAndForeignOnes) {
  const std::string cookie = sessions_.issue(kUser, 0, kNow);
  EXPECT_EQ(sessions_.authenticate("", kNow), std::nullopt);
  EXPECT_EQ(sessions_.authenticate(cookie.substr(1), kNow), std::nullopt);
  std::string changed = cookie;
  changed[20] = changed[20] == 'A' ? 'B' : 'A';
  EXPECT_EQ(sessions_.authenticate(changed, kNow), std::nullopt);
  for (const char* claims : {"", "7", "0123456789abcdef0123456789abcdef+"}) {
    const std::string token = ring_.seal(identity::Purpose::kSession, claims);
    EXPECT_EQ(sessions_.authenticate(token, kNow), std::nullopt);
  }
}

TEST_F(SessionsTest, CookiesExpireAfterTwelveHours) {
  const std::string cookie = sessions_.issue(kUser, 0, kNow);
  EXPECT_EQ(sessions_.authenticate(cookie, kNow + hours{12} - milliseconds{1}), kUser);
  EXPECT_EQ(sessions_.authenticate(cookie, kNow + hours{12}), std::nullopt);
}

TEST_F(SessionsTest, OneInUseGoesOnForSevenDaysAtMost) {
  std::string cookie = sessions_.issue(kUser, 3, kNow);
  const auto extended = [&](Instant now) {
    const auto session = sessions_.open(cookie, now);
    return session ? sessions_.extend(*session, now) : std::nullopt;
  };
  EXPECT_FALSE(extended(kNow + hours{1} - milliseconds{1})) << "not a new one each time";
  Instant now = kNow;
  for (; auto longer = extended(now + hours{11}); now += hours{11}) cookie = longer->sign;
  const auto last = sessions_.open(cookie, now);
  ASSERT_TRUE(last);
  EXPECT_EQ(last->user, kUser);
  EXPECT_EQ(last->epoch, 3);
  EXPECT_EQ(last->since, kNow);
  EXPECT_EQ(last->expires, kNow + Sessions::kLongest);
  EXPECT_EQ(sessions_.authenticate(cookie, kNow + Sessions::kLongest), std::nullopt);
}

TEST_F(SessionsTest, ALongerCookieIsRevokedWithTheOneBeforeIt) {
  const std::string cookie = sessions_.issue(kUser, 1, kNow);
  const Instant later = kNow + hours{11};
  const auto longer = sessions_.extend(*sessions_.open(cookie, later), later);
  ASSERT_TRUE(longer);
  EXPECT_EQ(sessions_.authenticate(longer->sign, kNow + hours{13}), kUser);
  sessions_.revoke_below(kUser, 2, later);
  EXPECT_EQ(sessions_.authenticate(longer->sign, later), std::nullopt);
  EXPECT_FALSE(sessions_.open(longer->sign, later)) << "so it is not extended either";
}

TEST_F(SessionsTest, RevokesCookiesBelowAnEpochOfOneUser) {
  const std::string before = sessions_.issue(kUser, 1, kNow);
  const std::string after = sessions_.issue(kUser, 2, kNow);
  const std::string other = sessions_.issue(UserId{8}, 1, kNow);
  sessions_.revoke_below(kUser, 2, kNow);
  EXPECT_EQ(sessions_.authenticate(before, kNow), std::nullopt);
  EXPECT_EQ(sessions_.authenticate(after, kNow), kUser);
  EXPECT_EQ(sessions_.authenticate(other, kNow), UserId{8});
  sessions_.revoke_below(kUser, 1, kNow);  // late news change nothing
  EXPECT_EQ(sessions_.authenticate(before, kNow), std::nullopt);
}

TEST_F(SessionsTest, LoadsEpochsAndRefusesForAsLongAsACookieLives) {
  const std::string cookie = sessions_.issue(kUser, 1, kNow);
  const std::vector<std::pair<UserId, SessionEpoch>> raised = {{kUser, 2}, {UserId{9}, 5}};
  sessions_.load(raised, kNow);
  for (int hour = 1; hour < 12; ++hour) {
    sessions_.load({}, kNow + hours{hour});
    EXPECT_EQ(sessions_.authenticate(cookie, kNow + hours{hour}), std::nullopt);
  }
}

TEST_F(SessionsTest, ForgetsARevocationOnlyWhenItsCookiesHaveExpired) {
  sessions_.revoke_below(kUser, 2, kNow);
  // No such cookie lives that long; a newer one shows whether the revocation is still held.
  const std::string old_epoch = sessions_.issue(kUser, 1, kNow + hours{12});
  sessions_.load({}, kNow + hours{12});
  EXPECT_EQ(sessions_.authenticate(old_epoch, kNow + hours{12}), std::nullopt);
  sessions_.load({}, kNow + hours{12} + std::chrono::minutes{1});
  EXPECT_EQ(sessions_.authenticate(old_epoch, kNow + hours{13}), kUser);
}

TEST_F(SessionsTest, RevokesWhileOthersAuthenticate) {
  constexpr int kUsers = 200;
  std::vector<std::string> cookies;
  for (int i = 1; i <= kUsers; ++i) cookies.push_back(sessions_.issue(UserId{i}, 0, kNow));
  std::atomic<bool> stop{false};
  std::vector<std::jthread> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] {
      while (!stop) {
        for (const std::string& cookie : cookies) sessions_.authenticate(cookie, kNow);
      }
    });
  }
  for (int i = 1; i <= kUsers; ++i) {
    sessions_.revoke_below(UserId{i}, 1, kNow);
    EXPECT_EQ(sessions_.authenticate(cookies[static_cast<std::size_t>(i - 1)], kNow), std::nullopt);
  }
  stop = true;
}

TEST_F(SessionsTest, OneOfAHostStaysSoAndOneBeforeBecomesSo) {
  const auto opened = [&](const std::string& cookie, Instant now) {
    return sessions_.open(cookie, now).value();
  };
  const auto before = opened(sessions_.issue(kUser, 1, kNow), kNow);
  const auto bound = opened(sessions_.issue(kUser, 1, kNow, true), kNow);
  EXPECT_FALSE(before.host_bound);
  EXPECT_TRUE(bound.host_bound);
  EXPECT_EQ(bound.user, kUser);
  const Instant later = kNow + hours{2};
  for (const auto& session : {before, bound}) {
    const auto longer = sessions_.extend(session, later, true);
    ASSERT_TRUE(longer);
    EXPECT_TRUE(opened(longer->sign, later).host_bound);
  }
  EXPECT_FALSE(opened(sessions_.extend(before, later)->sign, later).host_bound);
}

TEST_F(SessionsTest, TheConsolesSaysWhetherASecondFactorWasShown) {
  for (const bool shown : {false, true}) {
    const std::string cookie = sessions_.issue_at_console(kUser, UserRole::kOwner, 3, kNow, shown);
    const auto session = sessions_.open(cookie, kNow, Sessions::Site::kConsole);
    ASSERT_TRUE(session);
    EXPECT_EQ(session->second_factor, shown);
    EXPECT_EQ(session->role, UserRole::kOwner);
  }
}

}  // namespace
}  // namespace stampede::services::accounts
