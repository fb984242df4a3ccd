#include "controllers/shop/accounts_controller.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <vector>

#include "model/text/utf8.h"
#include "tests/support/fakes/fake_accounts.h"
#include "tests/support/test_ring.h"
#include "tests/support/visitor.h"

namespace stampede::controllers {
namespace {

using test_support::body_of;
using test_support::Fields;
using test_support::header_of;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kPassword = "correct horse";

/// The hidden field "token" of a page.
std::string token_of(const http::Response& page) {
  static constexpr std::string_view kField = "name=\"token\" value=\"";
  const std::string html(body_of(page));
  const auto begin = html.find(kField);
  if (begin == std::string::npos) return "";
  const auto value = begin + kField.size();
  return html.substr(value, html.find('"', value) - value);
}

std::vector<std::string> cookies_of(const http::Response& response) {
  std::vector<std::string> cookies;
  for (const auto& [name, value] : response.headers) {
    if (name == "Set-Cookie") cookies.push_back(value);
  }
  return cookies;
}

class AccountsControllerTest : public testing::Test {
 protected:
  AccountsControllerTest() { controller_.add_routes(router_); }

  /// Fetches the page of a form and sends the form with its token.
  http::Response submit(test_support::Visitor& visitor, const std::string& path, Fields fields,
                        const test_support::Headers& headers = {}) {
    const bool account = path == "/user/password" || path == "/user/logout";
    fields.emplace_back("token", token_of(visitor.get(account ? "/user/password" : path)));
    return visitor.post_form(path, fields, headers);
  }
  http::Response enter(test_support::Visitor& visitor, const std::string& path,
                       const std::string& name, const std::string& password = kPassword,
                       const std::string& next = "") {
    return submit(visitor, path, {{"name", name}, {"password", password}, {"next", next}});
  }
  bool logged_in(test_support::Visitor& visitor) {
    return visitor.get("/user/password").status == 200;
  }

  Now now_{*parse_rfc3339("2026-11-22T08:24:00Z"), Tick{std::chrono::hours{1}}};
  test::TestRing ring_;
  test_support::FakeAccounts repository_;
  services::accounts::Sessions sessions_{ring_.ring()};
  const services::accounts::Devices devices_{ring_.ring()};
  services::accounts::Accounts accounts_{repository_, sessions_, devices_, {}};
  FormTokens forms_{ring_.ring()};
  OriginRule origin_{std::nullopt};
  views::Pages pages_{[](std::string_view path) { return "/static/" + std::string(path); }};
  AccountsController controller_{
      {accounts_, sessions_, forms_, origin_, pages_},
      {.node_of = [](UserId) { return std::string{"local"}; }, .clock = [this] { return now_; }}};
  http::Router router_;
  test_support::Visitor visitor_{router_};
};

TEST_F(AccountsControllerTest, RegistrationLogsInWithTheCookiesOfASession) {
  const auto response = enter(visitor_, "/user/register", "ada", kPassword, "/product/7");
  EXPECT_EQ(response.status, 303);
  EXPECT_EQ(header_of(response, "Location"), "/product/7");
  EXPECT_EQ(header_of(response, "Cache-Control"), "no-store");
  const auto cookies = cookies_of(response);
  ASSERT_EQ(cookies.size(), 4U);
  EXPECT_EQ(cookies[0], "uid=1; Path=/; Max-Age=43200; SameSite=Lax");
  EXPECT_EQ(cookies[1], "node=local; Path=/; Max-Age=43200; SameSite=Lax; HttpOnly");
  EXPECT_EQ(cookies[2],
            "sign=" + visitor_.cookies["sign"] + "; Path=/; Max-Age=43200; SameSite=Lax; HttpOnly");
  EXPECT_EQ(cookies[3], "device=" + visitor_.cookies["device"] +
                            "; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly");
  EXPECT_EQ(sessions_.authenticate(visitor_.cookies["sign"], now_.wall), UserId{1});
}

TEST_F(AccountsControllerTest, ABrowserKeepsItsDevice) {
  enter(visitor_, "/user/register", "ada");
  const std::string device = visitor_.cookies["device"];
  EXPECT_EQ(cookies_of(enter(visitor_, "/user/login", "ada")).size(), 3U);
  EXPECT_EQ(visitor_.cookies["device"], device);
  enter(visitor_, "/user/register", "bob");
  EXPECT_NE(visitor_.cookies["device"], device) << "of another account";
}

TEST_F(AccountsControllerTest, CookiesAreSecureWhereTheRequestIs) {
  visitor_.secure = true;
  for (const auto& cookie : cookies_of(visitor_.get("/user/login"))) {
    EXPECT_THAT(cookie, HasSubstr("; Secure"));
  }
  const auto cookies = cookies_of(enter(visitor_, "/user/register", "ada"));
  ASSERT_EQ(cookies.size(), 5U);
  for (const auto& cookie : cookies) EXPECT_THAT(cookie, HasSubstr("; Secure"));
}

/// What is a secret is this host's alone; proxies and pages read the others.
TEST_F(AccountsControllerTest, OverTlsSecretsAreNamedForThisHostAlone) {
  visitor_.secure = true;
  enter(visitor_, "/user/register", "ada");
  std::vector<std::string> names;
  for (const auto& [name, value] : visitor_.cookies) names.push_back(name);
  EXPECT_THAT(names, testing::UnorderedElementsAre("uid", "node", "__Host-sign", "__Host-device",
                                                   "__Host-form"));
  EXPECT_TRUE(logged_in(visitor_));
  EXPECT_EQ(cookies_of(enter(visitor_, "/user/login", "ada")).size(), 4U) << "it keeps its device";
  EXPECT_EQ(submit(visitor_, "/user/logout", {}).status, 303);
  EXPECT_FALSE(visitor_.cookies.contains("__Host-sign"));
}

TEST_F(AccountsControllerTest, ANeighboursHostPutsNobodyIntoItsOwnSession) {
  test_support::Visitor eve(router_);
  eve.secure = visitor_.secure = true;
  enter(eve, "/user/register", "eve");
  enter(visitor_, "/user/register", "ada");
  const std::string hers = eve.cookies["__Host-sign"];
  // A host of the same site can set `sign` for all of them, and nothing behind `__Host-`.
  visitor_.cookies["sign"] = hers;
  EXPECT_THAT(std::string(body_of(visitor_.get("/user/session"))), HasSubstr("\"user\":2"));
  visitor_.cookies.erase("__Host-sign");
  EXPECT_EQ(visitor_.get("/user/session").status, 401) << "nor where nobody is logged in";
  // Nor is what an older release set preferred, or fallen back to.
  visitor_.cookies["sign"] = sessions_.issue(UserId{1}, 0, now_.wall);
  visitor_.cookies["__Host-sign"] = "forged";
  EXPECT_EQ(visitor_.get("/user/session").status, 401);
}

TEST_F(AccountsControllerTest, ASessionOfAnOlderReleaseGoesOnUnderTheNewName) {
  enter(visitor_, "/user/register", "ada");  // over plain HTTP: older releases name all cookies so
  const std::string before = visitor_.cookies["sign"];
  visitor_.secure = true;
  EXPECT_TRUE(logged_in(visitor_));
  now_.wall += std::chrono::hours{2};
  EXPECT_EQ(visitor_.get("/user/session").status, 200);
  EXPECT_TRUE(visitor_.cookies.contains("__Host-sign"));
  EXPECT_EQ(visitor_.cookies["sign"], before) << "a process of that release still reads it";
  now_.wall += std::chrono::hours{11};
  EXPECT_TRUE(logged_in(visitor_)) << "the older one has expired";

  const std::string device = visitor_.cookies["device"];
  enter(visitor_, "/user/login", "ada");
  EXPECT_FALSE(visitor_.cookies.contains("sign")) << "it does not come back after this session";
  EXPECT_EQ(visitor_.cookies["device"], device);
  EXPECT_FALSE(visitor_.cookies.contains("__Host-device")) << "the older one knows the account";
  submit(visitor_, "/user/logout", {});
  EXPECT_FALSE(visitor_.cookies.contains("__Host-sign"));
  EXPECT_EQ(visitor_.get("/user/session").status, 401);
}

TEST_F(AccountsControllerTest, ASessionInUseGoesOnAndTellsTheTime) {
  EXPECT_EQ(visitor_.get("/user/session").status, 401);
  enter(visitor_, "/user/register", "ada");
  const auto young = visitor_.get("/user/session");
  EXPECT_EQ(header_of(young, "Cache-Control"), "no-store");
  EXPECT_THAT(cookies_of(young), testing::IsEmpty());
  EXPECT_EQ(boost::json::parse(body_of(young)), boost::json::parse(R"({
    "user": 1, "expires_at": "2026-11-22T20:24:00.000Z", "now": "2026-11-22T08:24:00.000Z",
    "epoch_ms": 1795335840000})"));

  now_.wall += std::chrono::hours{11};
  const std::string before = visitor_.cookies["sign"];
  const auto older = visitor_.get("/user/session");
  EXPECT_THAT(std::string(body_of(older)),
              HasSubstr("\"expires_at\":\"2026-11-23T07:24:00.000Z\""));
  ASSERT_EQ(cookies_of(older).size(), 3U) << "uid, node and sign, which end together";
  EXPECT_NE(visitor_.cookies["sign"], before);
  now_.wall += std::chrono::hours{2};
  EXPECT_TRUE(logged_in(visitor_)) << "the first cookie has expired";
  EXPECT_EQ(submit(visitor_, "/user/logout", {}).status, 303);
  EXPECT_EQ(visitor_.get("/user/session").status, 401);
}

TEST_F(AccountsControllerTest, LoginAndLogout) {
  enter(visitor_, "/user/register", "ada");
  test_support::Visitor second(router_);
  EXPECT_EQ(header_of(enter(second, "/user/login", "ada"), "Location"), "/");
  EXPECT_TRUE(logged_in(second));

  const auto response = submit(second, "/user/logout", {});
  EXPECT_EQ(response.status, 303);
  EXPECT_FALSE(second.cookies.contains("sign"));
  EXPECT_FALSE(second.cookies.contains("uid"));
  EXPECT_FALSE(logged_in(visitor_)) << "every session ends";
  EXPECT_EQ(second.post_form("/user/logout", {}).status, 303) << "nothing to end";
}

TEST_F(AccountsControllerTest, RefusalsSayWhatWasWrongAndKeepTheName) {
  enter(visitor_, "/user/register", "ada");
  test_support::Visitor other(router_);
  const auto expect = [&](const http::Response& response, int status,
                          services::accounts::AccountError error) {
    EXPECT_EQ(response.status, status);
    EXPECT_THAT(std::string(body_of(response)),
                HasSubstr(std::string("role=\"alert\">") + std::string(explain(error))));
    EXPECT_FALSE(other.cookies.contains("sign"));
  };
  using services::accounts::AccountError;
  expect(enter(other, "/user/register", "ada"), 409, AccountError::kNameTaken);
  expect(enter(other, "/user/register", "a"), 422, AccountError::kBadName);
  expect(enter(other, "/user/register", "bob", "short"), 422, AccountError::kBadPassword);
  expect(enter(other, "/user/register", "bob", "\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8"), 422,
         AccountError::kBadPassword);
  const auto wrong = enter(other, "/user/login", "ada", "wrong password");
  expect(wrong, 401, AccountError::kWrongLogin);
  EXPECT_THAT(std::string(body_of(wrong)), HasSubstr("value=\"ada\""));
  EXPECT_THAT(std::string(body_of(wrong)), Not(HasSubstr("wrong password")));
  expect(enter(other, "/user/login", "nobody"), 401, AccountError::kWrongLogin);
}

TEST_F(AccountsControllerTest, GuessingIsThrottled) {
  enter(visitor_, "/user/register", "ada");
  test_support::Visitor guesser(router_);
  for (int i = 0; i < 5; ++i) enter(guesser, "/user/login", "ada", "wrong password");
  const auto throttled = enter(guesser, "/user/login", "ada");
  EXPECT_EQ(throttled.status, 429);
  EXPECT_EQ(header_of(throttled, "Retry-After"), "60");
}

TEST_F(AccountsControllerTest, FormsNeedTheirOwnBrowsersToken) {
  const Fields fields = {{"name", "ada"}, {"password", kPassword}};
  for (const char* path : {"/user/login", "/user/register"}) {
    EXPECT_EQ(visitor_.post_form(path, fields).status, 403) << "no token";
    // Login CSRF: a token the attacker's own browser was given, sent from the victim's.
    test_support::Visitor attacker(router_);
    Fields stolen = fields;
    stolen.emplace_back("token", token_of(attacker.get(path)));
    EXPECT_EQ(visitor_.post_form(path, stolen).status, 403) << "another browser's token";
    test_support::Visitor cookieless(router_);
    EXPECT_EQ(cookieless.post_form(path, stolen).status, 403) << "no cookie";
    Fields bent = fields;
    std::string token = token_of(visitor_.get(path));
    token[token.size() / 2] = token[token.size() / 2] == 'A' ? 'B' : 'A';
    bent.emplace_back("token", token);
    const auto refused = visitor_.post_form(path, bent);
    EXPECT_EQ(refused.status, 403);
    EXPECT_THAT(std::string(body_of(refused)), HasSubstr("The form had expired"));
    EXPECT_NE(token_of(refused), "") << "may be sent again";
  }
  EXPECT_FALSE(repository_.find_by_name("ada"));
}

TEST_F(AccountsControllerTest, TokenExpires) {
  Fields fields = {{"name", "ada"}, {"password", kPassword}};
  fields.emplace_back("token", token_of(visitor_.get("/user/register")));
  now_.wall += FormTokens::kLifetime;
  EXPECT_EQ(visitor_.post_form("/user/register", fields).status, 403);
}

TEST_F(AccountsControllerTest, FormsFromOtherOriginsAreRefused) {
  const Fields fields = {{"name", "ada"}, {"password", kPassword}};
  for (const char* origin : {"http://evil.example", "https://shop.example", "null",
                             "http://shop.example.evil", "http://shop.example:8080"}) {
    const auto refused = submit(visitor_, "/user/register", fields, {{"Origin", origin}});
    EXPECT_EQ(refused.status, 403) << origin;
    EXPECT_THAT(std::string(body_of(refused)), HasSubstr("another site"));
  }
  EXPECT_EQ(submit(visitor_, "/user/register", fields, {{"Origin", "http://shop.example"}}).status,
            303);
  EXPECT_EQ(submit(visitor_, "/user/logout", {}, {{"Origin", "http://evil.example"}}).status, 403);
  EXPECT_EQ(visitor_.post_form("/user/logout", {}).status, 403) << "no token";
  EXPECT_TRUE(logged_in(visitor_));
}

TEST_F(AccountsControllerTest, AnotherSiteCannotMakeABrowserForgetItsSession) {
  // SameSite keeps the cookies back, so the request looks like that of a visitor without a session.
  const auto refused = visitor_.post_form("/user/logout", {}, {{"Origin", "http://evil.example"}});
  EXPECT_EQ(refused.status, 403);
  EXPECT_TRUE(cookies_of(refused).empty());
}

TEST(OriginRule, TakesTheConfiguredOriginOnly) {
  const OriginRule rule("https://public.example");
  http::Request request;
  request.headers.emplace_back("Host", "127.0.0.1:8082");
  EXPECT_TRUE(rule.allows(request)) << "no Origin: no browser across origins";
  request.headers.emplace_back("Origin", "https://public.example");
  EXPECT_TRUE(rule.allows(request));
  request.headers.back().second = "http://127.0.0.1:8082";
  EXPECT_FALSE(rule.allows(request));
}

TEST_F(AccountsControllerTest, NextLeadsNowhereElse) {
  for (const char* next : {"https://evil.example", "//evil.example", "/\\evil.example", "orders",
                           "/a\r\nSet-Cookie: x=y", "/a?b", "javascript:alert(1)"}) {
    test_support::Visitor visitor(router_);
    const std::string query = "/user/login?next=" + test_support::Visitor::encode(next);
    EXPECT_THAT(std::string(body_of(visitor.get(query))), HasSubstr("name=\"next\" value=\"\""))
        << next;
  }
  enter(visitor_, "/user/register", "ada");
  EXPECT_EQ(
      header_of(enter(visitor_, "/user/login", "ada", kPassword, "//evil.example"), "Location"),
      "/");
}

TEST_F(AccountsControllerTest, PasswordChangeEndsEveryOtherSession) {
  enter(visitor_, "/user/register", "ada");
  test_support::Visitor other(router_);
  enter(other, "/user/login", "ada");

  const auto wrong = submit(visitor_, "/user/password",
                            {{"old_password", "wrong one"}, {"new_password", "battery staple"}});
  EXPECT_EQ(wrong.status, 401);
  EXPECT_THAT(std::string(body_of(wrong)), HasSubstr("The old password is wrong."));
  const auto short_one =
      submit(visitor_, "/user/password", {{"old_password", kPassword}, {"new_password", "short"}});
  EXPECT_EQ(short_one.status, 422);
  EXPECT_TRUE(logged_in(other));

  const auto changed = submit(visitor_, "/user/password",
                              {{"old_password", kPassword}, {"new_password", "battery staple"}});
  EXPECT_EQ(changed.status, 303);
  EXPECT_THAT(std::string(body_of(visitor_.get(header_of(changed, "Location")))),
              HasSubstr("Your password is changed."));
  EXPECT_FALSE(logged_in(other));
  EXPECT_EQ(enter(other, "/user/login", "ada", "battery staple").status, 303);
}

TEST_F(AccountsControllerTest, AccountPageNeedsASession) {
  for (const auto& response :
       {visitor_.get("/user/password"), visitor_.post_form("/user/password", {})}) {
    EXPECT_EQ(response.status, 303);
    EXPECT_EQ(header_of(response, "Location"), "/user/login?next=/user/password");
  }
}

TEST_F(AccountsControllerTest, PagesAreNeverStoredAndStrict) {
  const auto response = visitor_.get("/user/login");
  EXPECT_EQ(header_of(response, "Cache-Control"), "no-store");
  EXPECT_THAT(header_of(response, "Content-Security-Policy"), HasSubstr("default-src 'none'"));
  const auto cookies = cookies_of(response);
  ASSERT_EQ(cookies.size(), 1U);
  EXPECT_THAT(cookies[0], HasSubstr("; Path=/; SameSite=Lax; HttpOnly"));
  EXPECT_TRUE(cookies_of(visitor_.get("/user/login")).empty()) << "one cookie a browser";
}

TEST_F(AccountsControllerTest, ANameThatIsNotUtf8IsNotEchoed) {
  const std::pair<const char*, int> forms[] = {{"/user/login", 401}, {"/user/register", 422}};
  for (const auto& [path, status] : forms) {
    const auto response = enter(visitor_, path, "caf\xe9");
    EXPECT_EQ(response.status, status) << path;
    EXPECT_TRUE(is_utf8(body_of(response))) << path;
    EXPECT_THAT(std::string(body_of(response)), Not(HasSubstr("caf"))) << path;
  }
}

TEST_F(AccountsControllerTest, ScriptInANameIsText) {
  const auto response = enter(visitor_, "/user/login", "\"><script>x</script>");
  EXPECT_THAT(std::string(body_of(response)), Not(HasSubstr("<script>x")));
  EXPECT_THAT(std::string(body_of(response)), HasSubstr("&quot;&gt;&lt;script&gt;x"));
}

}  // namespace
}  // namespace stampede::controllers
