#include "controllers/console/console_login.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "controllers/console/test_console.h"
#include "tests/support/fakes/fake_second_factors.h"
#include "tests/support/totp.h"

namespace stampede::controllers {
namespace {

using services::accounts::Accounts;
using services::accounts::Sessions;
using test_support::body_of;
using test_support::Fields;
using test_support::header_of;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr const char* kPassword = "correct horse";
/// Of a form that cannot be sent without a code.
constexpr const char* kCodeNeeded = "name=\"code\" required";

/// The page without the form's token, which is another one each time.
std::string without_token(std::string_view html) {
  std::string page(html);
  const auto at = page.find("name=\"token\"");
  return page.erase(at, page.find('>', at) - at);
}

class ConsoleLoginTest : public testing::Test {
 protected:
  ConsoleLoginTest() {
    login_.add_routes(console_.router);
    console_.guard.get(console_.router, "/sales",
                       [](const auto&, const auto&, Now) { return http::html(200, "inside"); });
    Accounts::create(console_.users, "boss", kPassword, UserRole::kViewer, console_.now.wall);
    Accounts::create(console_.users, "buyer", kPassword, UserRole::kBuyer, console_.now.wall);
  }

  http::Response log_in(const std::string& name, const std::string& password = kPassword,
                        const std::string& next = "") {
    return console_.post("/login", {{"name", name}, {"password", password}, {"next", next}});
  }
  http::Response log_in_with_code(const std::string& code) {
    return console_.post("/login", {{"name", "boss"}, {"password", kPassword}, {"code", code}});
  }
  /// Of the step that `now` is in.
  std::string code_of(const std::string& uri) {
    const auto secret = uri.find("secret=") + 7;
    return test_support::totp_of(uri.substr(secret, uri.find('&') - secret), console_.now.wall);
  }
  std::string set_cookie(const http::Response& response) {
    return header_of(response, "Set-Cookie");
  }
  /// To the page of `target` by way of the login.
  std::string through_login(const std::string& target) {
    const std::string login = header_of(browser_.get(target, kBrowserPage), "Location");
    const std::string html = console_.html(login);
    const auto next = html.find("name=\"next\" value=\"") + 19;
    std::string value = html.substr(next, html.find('"', next) - next);
    for (std::size_t at = 0; (at = value.find("&amp;", at)) != std::string::npos; ++at) {
      value.replace(at, 5, "&");
    }
    return header_of(log_in("boss", kPassword, value), "Location");
  }
  bool inside() { return browser_.get("/sales").status == 200; }

  TestConsole console_;
  const services::accounts::Devices devices_{console_.ring.ring()};
  test_support::FakeSecondFactors factors_;
  services::accounts::SecondFactor second_factor_{factors_, console_.ring.ring()};
  Accounts accounts_{console_.users,
                     console_.sessions,
                     devices_,
                     {.site = Sessions::Site::kConsole, .second_factor = &second_factor_}};
  ConsoleLogin login_{
      {accounts_, console_.sessions, console_.forms, console_.origin, console_.pages},
      [this] { return console_.now; }};
  test_support::Visitor& browser_ = console_.browser;
};

TEST_F(ConsoleLoginTest, AnOperatorComesInAndOut) {
  EXPECT_FALSE(inside());
  const auto in = log_in("boss");
  EXPECT_EQ(in.status, 303);
  EXPECT_EQ(header_of(in, "Location"), "/");
  EXPECT_EQ(header_of(in, "Cache-Control"), "no-store");
  EXPECT_TRUE(inside());

  const std::string cookie = browser_.cookies.at("operator");
  const auto out = console_.post("/logout", {});
  EXPECT_EQ(out.status, 303);
  EXPECT_EQ(header_of(out, "Location"), "/login");
  EXPECT_FALSE(browser_.cookies.contains("operator"));
  browser_.cookies["operator"] = cookie;
  EXPECT_FALSE(inside()) << "the old cookie is worth nothing";
}

TEST_F(ConsoleLoginTest, TheCookieIsForThisSiteAndNoScript) {
  EXPECT_THAT(set_cookie(log_in("boss")),
              AllOf(StartsWith("operator="), HasSubstr("; Path=/; Max-Age=43200;"),
                    HasSubstr("; SameSite=Strict"), EndsWith("; HttpOnly")));
  browser_.secure = true;
  browser_.cookies.clear();
  // Of no other host and never over plain HTTP: RFC 6265bis, 4.1.3.2.
  const auto over_tls = browser_.get("/login");
  EXPECT_THAT(set_cookie(over_tls), AllOf(StartsWith("__Host-form="), EndsWith("; Secure")));
  const std::string html(body_of(over_tls));
  const auto token = html.find("name=\"token\" value=\"") + 20;
  const auto in =
      browser_.post_form("/login", {{"name", "boss"},
                                    {"password", kPassword},
                                    {"token", html.substr(token, html.find('"', token) - token)}});
  EXPECT_THAT(set_cookie(in),
              AllOf(StartsWith("__Host-operator="), HasSubstr("; Path=/; "),
                    HasSubstr("; SameSite=Strict"), EndsWith("; HttpOnly; Secure")));
  EXPECT_TRUE(browser_.cookies.contains("__Host-operator_device"));
  EXPECT_TRUE(inside());
  browser_.cookies["operator"] = browser_.cookies.at("__Host-operator");
  browser_.cookies.erase("__Host-operator");
  EXPECT_FALSE(inside()) << "a neighbour may have set the one without";
}

TEST_F(ConsoleLoginTest, WhoHasASecondFactorIsAskedForIt) {
  const auto boss = *console_.users.find_by_name("boss");
  const std::string uri = second_factor_.renew(boss, console_.now.wall);
  const auto asked = log_in("boss");
  EXPECT_EQ(asked.status, 401);
  EXPECT_THAT(std::string(body_of(asked)), HasSubstr(kCodeNeeded));
  EXPECT_EQ(set_cookie(asked), "");
  EXPECT_EQ(log_in_with_code("000000").status, 401);
  EXPECT_FALSE(inside());

  EXPECT_EQ(log_in_with_code(code_of(uri)).status, 303);
  EXPECT_TRUE(inside());
  browser_.cookies.clear();
  EXPECT_EQ(log_in_with_code(code_of(uri)).status, 401) << "a code is taken once";
  console_.now.wall += std::chrono::seconds{30};
  EXPECT_EQ(log_in_with_code(code_of(uri)).status, 303) << "and the next one is another";
}

TEST_F(ConsoleLoginTest, OneTryIsEnoughForWhoHasASecondFactorAndForWhoHasNone) {
  const std::string form = console_.html("/login");
  EXPECT_THAT(form, AllOf(HasSubstr("name=\"code\""), HasSubstr("if you have one")));
  EXPECT_THAT(form, Not(HasSubstr(kCodeNeeded))) << "whoever has none can send it";
  EXPECT_EQ(log_in_with_code("").status, 303);
  browser_.cookies.clear();
  const std::string uri =
      second_factor_.renew(*console_.users.find_by_name("boss"), console_.now.wall);
  EXPECT_EQ(log_in_with_code(code_of(uri)).status, 303);
}

TEST_F(ConsoleLoginTest, WithoutThePasswordNobodyLearnsWhoHasASecondFactor) {
  const auto pages = [this] {
    std::vector<std::string> all;
    for (const char* code : {"", "000000"}) {
      // Each has a token of its own.
      all.push_back(without_token(body_of(console_.post(
          "/login", {{"name", "boss"}, {"password", "wrong horse"}, {"code", code}}))));
    }
    all.push_back(without_token(console_.html("/login")));
    return all;
  };
  const auto before = pages();
  second_factor_.renew(*console_.users.find_by_name("boss"), console_.now.wall);
  EXPECT_EQ(pages(), before);
  EXPECT_THAT(before[0], AllOf(HasSubstr("role=\"alert\""), HasSubstr("name=\"code\"")));
}

TEST_F(ConsoleLoginTest, WhereItIsRequiredWhoHasNoneYetMayLeaveTheCodeOut) {
  TestConsole console;
  ConsoleLogin login{
      {accounts_, console.sessions, console.forms, console.origin, console.pages, true},
      [&] { return console.now; }};
  login.add_routes(console.router);
  EXPECT_THAT(console.html("/login"),
              AllOf(HasSubstr("Leave it empty if you have no second factor yet"),
                    Not(HasSubstr("if you have one")), Not(HasSubstr(kCodeNeeded))));
  const auto set_up = console.html("/login?done=second-factor");
  EXPECT_THAT(set_up, AllOf(HasSubstr(kCodeNeeded), Not(HasSubstr("Leave it empty"))));
}

TEST_F(ConsoleLoginTest, TheSessionSaysWhetherTheSecondFactorWasShown) {
  const auto shown = [this] {
    return console_.sessions
        .open(browser_.cookies.at("operator"), console_.now.wall, Sessions::Site::kConsole)
        ->second_factor;
  };
  log_in("boss");
  EXPECT_FALSE(shown());
  const std::string uri =
      second_factor_.renew(*console_.users.find_by_name("boss"), console_.now.wall);
  ASSERT_EQ(log_in_with_code(code_of(uri)).status, 303);
  EXPECT_TRUE(shown());
}

TEST_F(ConsoleLoginTest, TheTokenOfAnotherFormLogsNobodyOut) {
  log_in("boss");
  const auto refused = browser_.post_form("/logout", {{"token", console_.token("/sales/1/end")}});
  EXPECT_EQ(refused.status, 403);
  EXPECT_TRUE(inside());
}

TEST_F(ConsoleLoginTest, NobodyElseComesIn) {
  std::vector<std::string> pages;
  for (const auto& [name, password] :
       Fields{{"buyer", kPassword}, {"boss", "wrong horse"}, {"nobody", kPassword}, {"boss", ""}}) {
    const auto refused = log_in(name, password);
    EXPECT_EQ(refused.status, 401) << name;
    EXPECT_EQ(set_cookie(refused), "") << name;
    const std::string html(body_of(refused));
    EXPECT_THAT(html, HasSubstr("role=\"alert\""));
    const auto alert = html.find("role=\"alert\"");
    pages.push_back(html.substr(alert, html.find("</p>", alert) - alert));
    EXPECT_EQ(pages.back(), pages.front()) << "one answer for all";
    EXPECT_FALSE(inside());
  }
}

TEST_F(ConsoleLoginTest, TheFormMustBeOurs) {
  const Fields credentials{{"name", "boss"}, {"password", kPassword}};
  EXPECT_EQ(browser_.post_form("/login", credentials).status, 403);
  Fields whole = credentials;
  whole.emplace_back("token", console_.token("/login"));
  EXPECT_EQ(browser_.post_form("/login", whole, {{"Origin", "http://evil.example"}}).status, 403);
  EXPECT_FALSE(inside());

  log_in("boss");
  EXPECT_EQ(browser_.post_form("/logout", {}).status, 403);
  const Fields token{{"token", console_.token("/logout")}};
  EXPECT_EQ(browser_.post_form("/logout", token, {{"Origin", "null"}}).status, 403);
  EXPECT_TRUE(inside());
}

TEST_F(ConsoleLoginTest, GoesOnToWhereOneWantedToButNeverElsewhere) {
  EXPECT_EQ(header_of(log_in("boss", kPassword, "/buyers/7"), "Location"), "/buyers/7");
  const char* search = "/orders?sale=3&buyer=%C3%A9+b&from=2026-11-22T08:24:00.5Z";
  EXPECT_EQ(header_of(log_in("boss", kPassword, search), "Location"), search);
  for (const char* elsewhere :
       {"https://evil.example/", "//evil.example", "//evil.example?a=b", "/\\evil.example", "evil",
        "?a=b", "javascript:alert(1)", "/x\r\nSet-Cookie: a=b", "/x?a=\r\nSet-Cookie: a=b",
        "/%2Fevil.example", "/a?b?c", "/a?b/c", "/a?b@c", "/a?b\\c", "/a?b#c", "/a#b"}) {
    EXPECT_EQ(header_of(log_in("boss", kPassword, elsewhere), "Location"), "/") << elsewhere;
  }
  EXPECT_THAT(console_.html("/login?next=/sales"), HasSubstr("name=\"next\" value=\"/sales\""));
  EXPECT_THAT(console_.html("/login?next=/orders%3Fsale%3D3%26number%3D"),
              HasSubstr("name=\"next\" value=\"/orders?sale=3&amp;number=\""));
  EXPECT_THAT(console_.html("/login?next=//evil"), Not(HasSubstr("evil")));
}

TEST_F(ConsoleLoginTest, ADeepLinkLeadsThroughTheLoginWithItsQuery) {
  for (const char* target : {"/sales", "/sales?sale=3", "/sales?buyer=a%26b%3D+c%25&before=7"}) {
    browser_.cookies.clear();
    EXPECT_EQ(through_login(target), target);
  }
  browser_.cookies.clear();
  EXPECT_EQ(through_login("/sales?a='b'"), "/");
}

TEST_F(ConsoleLoginTest, KeepsTheNameThatWasTypedAsText) {
  const auto refused = log_in("<script>x</script>");
  const std::string html(body_of(refused));
  EXPECT_THAT(html, HasSubstr("value=\"&lt;script&gt;x&lt;/script&gt;\""));
  EXPECT_THAT(html, Not(HasSubstr("<script>x")));
}

TEST_F(ConsoleLoginTest, LoggingOutWithoutASessionIsNoError) {
  EXPECT_EQ(console_.post("/logout", {}).status, 303);
}

TEST_F(ConsoleLoginTest, ALogoutFromElsewhereComesWithoutTheCookieAndTakesNone) {
  const auto answer = browser_.post_form("/logout", {}, {{"Origin", "http://evil.example"}});
  EXPECT_EQ(answer.status, 303);
  EXPECT_EQ(header_of(answer, "Location"), "/login");
  EXPECT_EQ(header_of(answer, "Set-Cookie"), "");
}

}  // namespace
}  // namespace stampede::controllers
