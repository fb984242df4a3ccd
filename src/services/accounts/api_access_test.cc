#include "services/accounts/api_access.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/support/fakes/fake_api_tokens.h"

namespace stampede::services::accounts {
namespace {

using Refusal = ApiAccess::Refusal;
constexpr Instant kNow{std::chrono::seconds{1'800'000'000}};

class ApiAccessTest : public testing::Test {
 protected:
  static ApiToken token(std::optional<Instant> expires_at = std::nullopt) {
    return {.id = {},
            .name = "shop",
            .scopes = {ApiScope::kOrdersRead},
            .created_at = kNow,
            .expires_at = expires_at,
            .revoked_at = std::nullopt};
  }
  /// Of a text that is refused.
  Refusal refusal(std::string_view text, Instant now = kNow) {
    const auto opened = access_.open(text, now);
    EXPECT_FALSE(opened) << text;
    return opened ? Refusal{0xff} : opened.error();
  }

  test_support::FakeApiTokens stored_;
  ApiAccess access_{stored_};
};

TEST_F(ApiAccessTest, ATokenOpensByItsTextAlone) {
  const IssuedToken issued = access_.issue(token());
  EXPECT_EQ(issued.text.size(), 52U);
  const auto opened = access_.open(issued.text, kNow);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->id, issued.token.id);
  EXPECT_TRUE(opened->allows(ApiScope::kOrdersRead));
  EXPECT_FALSE(opened->allows(ApiScope::kOrdersWrite));
  EXPECT_EQ(refusal(stored_.hashes[0]), Refusal::kUnknown) << "what is stored opens nothing";
  EXPECT_EQ(refusal("stampede_" + stored_.hashes[0].substr(0, 43)), Refusal::kUnknown);
}

TEST_F(ApiAccessTest, WhatIsNoTokenIsNotLookedFor) {
  const std::string text = access_.issue(token()).text;
  for (const std::string& other :
       {std::string(), text.substr(1), text.substr(0, 51), text + "A", text + " ",
        "Stampede_" + text.substr(9), "stampede_" + std::string(43, '*')}) {
    EXPECT_FALSE(ApiAccess::may_be_token(other)) << other;
    EXPECT_EQ(refusal(other), Refusal::kUnknown) << other;
  }
}

TEST_F(ApiAccessTest, EachIsAnother) {
  std::set<std::string> texts;
  for (int i = 0; i < 100; ++i) texts.insert(access_.issue(token()).text);
  EXPECT_EQ(texts.size(), 100U);
}

TEST_F(ApiAccessTest, OneThatIsRevokedOrExpiredIsRefused) {
  using std::chrono::seconds;
  const IssuedToken issued = access_.issue(token(kNow + seconds{10}));
  EXPECT_TRUE(access_.open(issued.text, kNow + seconds{9}));
  EXPECT_EQ(refusal(issued.text, kNow + seconds{10}), Refusal::kExpired);
  ASSERT_TRUE(stored_.revoke(issued.token.id, kNow));
  EXPECT_EQ(refusal(issued.text), Refusal::kRevoked);
}

}  // namespace
}  // namespace stampede::services::accounts
