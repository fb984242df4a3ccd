#include "controllers/console/operator_guard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

class OperatorGuardTest : public testing::Test {
 protected:
  OperatorGuardTest() {
    const auto work = [this](const http::Request&, const OperatorGuard::Operator& who, Now) {
      entered_.push_back(who.id);
      return http::html(200, who.token);
    };
    guard_.get(router_, "/things", work);
    guard_.get(router_, "/things/{id}", work);
    guard_.post(router_, "/things/{id}/end", work);
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

  TestConsole console_;
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
      Sessions(other.ring()).issue(console_.olga, 0, console_.now.wall, Sessions::Site::kConsole);
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
  EXPECT_EQ(entered_, std::vector<UserId>(4, console_.olga));
  EXPECT_EQ(browser_.get("/nothing", kBrowserPage).status, 404);
  EXPECT_EQ(browser_.get("/nothing").status, 404);
}

TEST_F(OperatorGuardTest, APostNeedsAFormOfOurs) {
  console_.log_in();
  const std::string token = console_.token();
  const auto end = [&](const Fields& fields, const test_support::Headers& headers = {}) {
    return browser_.post_form("/things/1/end", fields, headers);
  };
  EXPECT_EQ(end({}).status, 403);
  EXPECT_EQ(end({{"token", token + "x"}}).status, 403);
  EXPECT_EQ(end({{"token", ""}}).status, 403);
  const std::string form = browser_.cookies["form"];
  browser_.cookies.erase("form");
  EXPECT_EQ(end({{"token", token}}).status, 403) << "the token of another browser";
  browser_.cookies["form"] = form;
  EXPECT_THAT(entered_, testing::IsEmpty());
  EXPECT_EQ(end({{"token", token}}).status, 200);
}

TEST_F(OperatorGuardTest, APostFromAnotherOriginIsRefused) {
  console_.log_in();
  const Fields fields{{"token", console_.token()}};
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
