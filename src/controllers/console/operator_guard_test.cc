#include "controllers/console/operator_guard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <stdexcept>
#include <vector>

#include "controllers/console/test_console.h"

namespace stampede::controllers {
namespace {

using services::accounts::Sessions;
using test_support::body_of;
using test_support::Fields;
using test_support::header_of;
using testing::HasSubstr;
using testing::Not;

constexpr std::array kThings = std::to_array<RouteRole>({
    {http::Method::kGet, "/things", UserRole::kViewer},
    {http::Method::kGet, "/things/{id}", UserRole::kViewer},
    {http::Method::kPost, "/things/{id}/end", UserRole::kOwner},
    {http::Method::kPost, "/things/{id}/begin", UserRole::kOperator},
    {http::Method::kGet, "/broken", UserRole::kViewer},
    {http::Method::kGet, "/stream", UserRole::kOperator},
});

class OperatorGuardTest : public testing::Test {
 protected:
  OperatorGuardTest() {
    const auto work = [this](const http::Request&, const OperatorGuard::Operator& who, Now) {
      entered_.push_back(who.id);
      return http::html(200, who.token("/things/1/end"));
    };
    guard_.get(router_, "/things", work);
    guard_.get(router_, "/things/{id}", work);
    guard_.post(router_, "/things/{id}/end", work);
    guard_.post(router_, "/things/{id}/begin", work);
    guard_.get(router_, "/broken", [](const auto&, const auto&, Now) -> http::Response {
      throw std::runtime_error("disk gone");
    });
    guard_.get_stream(router_, "/stream",
                      [this](const auto&, const auto& who, Now, auto responder) {
                        entered_.push_back(who.id);
                        responder(http::html(200, "stream"));
                      });
    guard_.refuse_unknown(router_);
  }

  /// Every route there is, and one that there is not, as a page and as anything else.
  void expect_locked() {
    auto routes = router_.routes();
    routes.push_back({http::Method::kGet, "/nothing"});
    for (const auto& [method, pattern] : routes) {
      std::string target = pattern;
      if (const auto brace = target.find('{'); brace != std::string::npos) {
        target.replace(brace, target.find('}') - brace + 1, "1");
      }
      if (method == http::Method::kPost) {
        const auto refused = console_.post(target, {});
        EXPECT_EQ(refused.status, 401) << target;
        EXPECT_THAT(std::string(body_of(refused)), HasSubstr("#login-required\"")) << target;
        continue;
      }
      const auto page = browser_.get(target, kBrowserPage);
      EXPECT_EQ(page.status, 303) << target;
      EXPECT_EQ(header_of(page, "Location"), "/login?next=" + target);
      EXPECT_EQ(header_of(page, "Cache-Control"), "no-store") << target;
      EXPECT_EQ(browser_.get(target).status, 401) << target;
    }
    EXPECT_THAT(entered_, testing::IsEmpty());
  }

  TestConsole console_{.roles = kThings};
  OperatorGuard& guard_ = console_.guard;
  http::Router& router_ = console_.router;
  test_support::Visitor& browser_ = console_.browser;
  std::vector<UserId> entered_;
};

TEST_F(OperatorGuardTest, WithoutACookieNothingAnswers) { expect_locked(); }

TEST_F(OperatorGuardTest, TheShopsCookieOpensNothing) {
  const auto sign = console_.sessions.issue(console_.olga, 0, console_.now.wall);
  browser_.cookies = {{"sign", sign}, {"uid", "1"}, {"operator", sign}};
  expect_locked();
}

TEST_F(OperatorGuardTest, AForgedCookieOpensNothing) {
  test::TestRing other;
  browser_.cookies["operator"] =
      Sessions(other.ring())
          .issue_at_console(console_.olga, UserRole::kOwner, 0, console_.now.wall);
  expect_locked();
}

TEST_F(OperatorGuardTest, ARevokedSessionOpensNothing) {
  console_.log_in();
  console_.sessions.revoke_below(console_.olga, 1, console_.now.wall);
  expect_locked();
}

TEST_F(OperatorGuardTest, ASessionEndsByItself) {
  console_.log_in();
  console_.now.wall += Sessions::kLifetime;
  expect_locked();
}

TEST_F(OperatorGuardTest, AnOperatorEntersEverywhere) {
  console_.log_in();
  EXPECT_EQ(browser_.get("/things").status, 200);
  EXPECT_EQ(browser_.get("/things/1").status, 200);
  EXPECT_EQ(browser_.get("/stream").status, 200);
  EXPECT_EQ(console_.post("/things/1/end", {}).status, 200);
  EXPECT_EQ(console_.post("/things/1/begin", {}).status, 200);
  EXPECT_EQ(entered_, std::vector<UserId>(5, console_.olga));
  EXPECT_EQ(browser_.get("/nothing", kBrowserPage).status, 404);
  EXPECT_EQ(browser_.get("/nothing").status, 404);
}

TEST_F(OperatorGuardTest, APostNeedsAFormOfOurs) {
  console_.log_in();
  const std::string token = console_.token("/things/1/end");
  const auto end = [&](const Fields& fields, const test_support::Headers& headers = {}) {
    return browser_.post_form("/things/1/end", fields, headers);
  };
  EXPECT_EQ(end({}).status, 403);
  EXPECT_EQ(end({{"token", token + "x"}}).status, 403);
  EXPECT_EQ(end({{"token", ""}}).status, 403);
  EXPECT_EQ(end({{"token", console_.token("/login")}}).status, 403) << "from before the log-in";
  const std::string session = browser_.cookies["operator"];
  console_.log_in();
  EXPECT_EQ(end({{"token", token}}).status, 403) << "the token of another session of the same";
  browser_.cookies["operator"] = session;
  EXPECT_THAT(entered_, testing::IsEmpty());
  EXPECT_EQ(end({{"token", token}}).status, 200);
}

TEST_F(OperatorGuardTest, APostFromAnotherOriginIsRefused) {
  console_.log_in();
  const Fields fields{{"token", console_.token("/things/1/end")}};
  for (const char* origin : {"http://evil.example", "null", "https://shop.example"}) {
    const auto refused = browser_.post_form("/things/1/end", fields, {{"Origin", origin}});
    EXPECT_EQ(refused.status, 403) << origin;
    EXPECT_THAT(std::string(body_of(refused)), HasSubstr("#bad-origin\""));
  }
  EXPECT_THAT(entered_, testing::IsEmpty());
  const auto ours =
      browser_.post_form("/things/1/end", fields, {{"Origin", "http://shop.example"}});
  EXPECT_EQ(ours.status, 200);
}

TEST_F(OperatorGuardTest, ATokenIsGoodForItsOwnFormAlone) {
  console_.log_in();
  for (const char* other : {"/things/2/end", "/things/1/begin", "/things", ""}) {
    EXPECT_EQ(browser_.post_form("/things/1/end", {{"token", console_.token(other)}}).status, 403)
        << other;
  }
  const std::string token = console_.token("/things/1/end");
  EXPECT_EQ(browser_.post_form("/things/2/end", {{"token", token}}).status, 403);
  EXPECT_THAT(entered_, testing::IsEmpty());
  EXPECT_EQ(browser_.post_form("/things/1/end", {{"token", token}}).status, 200);
}

TEST_F(OperatorGuardTest, EachRouteAsksForItsRole) {
  for (const auto& [role, let_in] :
       {std::pair(UserRole::kViewer, 2U), {UserRole::kOperator, 4U}, {UserRole::kOwner, 5U}}) {
    entered_.clear();
    console_.log_in(role);
    browser_.get("/things");
    browser_.get("/things/1");
    browser_.get("/stream");
    console_.post("/things/1/begin", {});
    console_.post("/things/1/end", {});
    EXPECT_EQ(entered_.size(), let_in) << to_string(role);
  }
}

TEST(RouteRoles, ViewersChangeTheirOwnSecondFactorAloneAndOwnersDecideWhoMayDoWhat) {
  std::vector<std::string_view> of_owners;
  for (const RouteRole& route : kRouteRoles) {
    if (route.method == http::Method::kPost && route.pattern != kSecondFactorPath) {
      EXPECT_GE(route.least, UserRole::kOperator) << route.pattern;
    } else {
      EXPECT_NE(route.least, UserRole::kOwner) << route.pattern;
    }
    EXPECT_NE(route.least, UserRole::kBuyer) << route.pattern;
    if (route.least == UserRole::kOwner) of_owners.push_back(route.pattern);
  }
  EXPECT_THAT(of_owners, testing::ElementsAre("/buyers/{id}/blacklist", "/buyers/{id}/unban",
                                              "/operators/{id}/remove"));
}

TEST_F(OperatorGuardTest, ARefusalNamesTheRoleThatIsNeeded) {
  console_.log_in(UserRole::kViewer);
  const auto problem = console_.post("/things/1/end", {});
  EXPECT_EQ(problem.status, 403);
  EXPECT_THAT(std::string(body_of(problem)),
              testing::AllOf(HasSubstr("#role-required\""), HasSubstr("\"role\":\"owner\"")));
  const auto page = browser_.post_form("/things/1/begin", {}, kBrowserPage);
  EXPECT_EQ(page.status, 403);
  EXPECT_THAT(std::string(body_of(page)),
              testing::AllOf(HasSubstr("<html"), HasSubstr("operator")));
}

TEST_F(OperatorGuardTest, ABuyersRoleOpensNothingAndANewRoleEndsTheSession) {
  browser_.cookies["operator"] = console_.cookie(console_.olga, UserRole::kBuyer);
  expect_locked();
  console_.log_in(UserRole::kOwner);
  console_.users.add("oda", UserRole::kOwner);  // the last owner stays one
  const auto epoch = console_.users.set_role(console_.olga, UserRole::kViewer, console_.now.wall);
  console_.sessions.revoke_below(console_.olga, *epoch, console_.now.wall);  // as the reload does
  expect_locked();
}

TEST_F(OperatorGuardTest, ARouteWithoutARoleCannotBeAdded) {
  EXPECT_THROW(guard_.get(router_, "/forgotten", {}), std::logic_error);
  EXPECT_THROW(guard_.post(router_, "/things", {}), std::logic_error);
}

TEST_F(OperatorGuardTest, TheTokenOfAPageIsGoodForItsForms) {
  console_.log_in();
  const std::string token(body_of(browser_.get("/things")));
  EXPECT_EQ(browser_.post_form("/things/1/end", {{"token", token}}).status, 200);
}

TEST_F(OperatorGuardTest, WhatGoesWrongIsUnavailableAndSaysNoMore) {
  console_.log_in();
  const auto broken = browser_.get("/broken");
  EXPECT_EQ(broken.status, 503);
  EXPECT_THAT(std::string(body_of(broken)), Not(HasSubstr("disk gone")));
}

}  // namespace
}  // namespace stampede::controllers
