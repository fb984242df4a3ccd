#include "controllers/guards/form_tokens.h"

#include <gtest/gtest.h>

#include "tests/support/test_ring.h"

namespace stampede::controllers {
namespace {

class FormTokensTest : public testing::Test {
 protected:
  bool valid(const std::string& token, const FormTokens::Scope& scope, Instant now) {
    http::Request request;
    request.headers.emplace_back("Form-Token", token);
    return forms_.valid(request, now, scope);
  }
  std::string issue(const FormTokens::Scope& scope) {
    return forms_.issue(http::Request{}, kNow, scope).token;
  }

  static constexpr Instant kNow{std::chrono::hours{500'000}};
  test::TestRing ring_;
  FormTokens forms_{ring_.ring()};
};

TEST_F(FormTokensTest, IsGoodForItsSessionAndItsAction) {
  const FormTokens::Scope scope{.action = "/sales/1/end", .session = "abc"};
  const std::string token = issue(scope);
  EXPECT_TRUE(valid(token, scope, kNow));
  EXPECT_FALSE(valid(token, {.action = "/sales/2/end", .session = "abc"}, kNow));
  EXPECT_FALSE(valid(token, {.action = "/sales/1/end", .session = "abd"}, kNow));
  EXPECT_FALSE(valid(token, {.action = "", .session = "abc"}, kNow));
  EXPECT_FALSE(valid(token, {.action = "abc", .session = "/sales/1/end"}, kNow));
  EXPECT_FALSE(valid(token + "x", scope, kNow));
  EXPECT_FALSE(valid("", scope, kNow));
}

TEST_F(FormTokensTest, IsGoodForTwelveHours) {
  const FormTokens::Scope scope{.action = "/x", .session = "abc"};
  const std::string token = issue(scope);
  EXPECT_TRUE(valid(token, scope, kNow + FormTokens::kLifetime - std::chrono::milliseconds{1}));
  EXPECT_FALSE(valid(token, scope, kNow + FormTokens::kLifetime));
}

TEST_F(FormTokensTest, WithoutASessionACookieStandsForIt) {
  for (const bool secure : {false, true}) {
    http::Request request;
    request.secure = secure;
    const auto issued = forms_.issue(request, kNow, {.action = "/login", .session = {}});
    const std::string begin = secure ? "__Host-form=" : "form=";
    ASSERT_TRUE(issued.cookie.starts_with(begin)) << issued.cookie;
    EXPECT_EQ(issued.cookie.ends_with("; Secure"), secure) << issued.cookie;
    request.headers.emplace_back("Form-Token", issued.token);
    EXPECT_FALSE(forms_.valid(request, kNow, {.action = "/login", .session = {}})) << "no cookie";
    const std::string cookie = issued.cookie.substr(0, issued.cookie.find(';'));
    request.headers.emplace_back("Cookie", cookie);
    EXPECT_TRUE(forms_.valid(request, kNow, {.action = "/login", .session = {}}));
    EXPECT_FALSE(forms_.valid(request, kNow)) << "of a form of the shop";
    EXPECT_TRUE(forms_.issue(request, kNow).cookie.empty()) << "the browser has one";
  }
}

}  // namespace
}  // namespace stampede::controllers
