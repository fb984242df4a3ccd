#include "controllers/api/webhooks_api.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "tests/support/fakes/fake_api_tokens.h"
#include "tests/support/fakes/fake_buyers.h"
#include "tests/support/fakes/fake_webhooks.h"
#include "tests/support/visitor.h"

namespace stampede::controllers {
namespace {

using test_support::body_of;
using test_support::Headers;
using testing::HasSubstr;
using testing::Not;

class WebhooksApiTest : public testing::Test {
 protected:
  WebhooksApiTest() { api_.add_routes(router_, guard_); }

  Headers bearing(ApiScope scope) {
    const auto issued = access_.issue({.id = {},
                                       .name = "erp",
                                       .scopes = {scope},
                                       .created_at = now_.wall,
                                       .expires_at = std::nullopt,
                                       .revoked_at = std::nullopt});
    return {{"Authorization", "Bearer " + issued.text}};
  }
  http::Response get(const std::string& target) {
    return program_.get("/api/v1/webhooks" + target, token_);
  }
  http::Response post(const std::string& target, const std::string& body = "{}") {
    return program_.post_json("/api/v1/webhooks" + target, body, token_);
  }
  static boost::json::value json(const http::Response& response) {
    return boost::json::parse(body_of(response));
  }
  boost::json::value add() {
    return json(post("", R"({"url":"https://shop.example/x","events":["order.paid"]})"));
  }

  Now now_{*parse_rfc3339("2026-11-22T08:24:00Z"), Tick{}};
  test_support::FakeApiTokens tokens_;
  services::accounts::ApiAccess access_{tokens_};
  concurrency::WorkerPool pool_{{.name = "api", .threads = 1, .queue = 8}};
  ApiGuard guard_{{.access = access_, .pool = pool_}, [this] { return now_; }};
  test_support::FakeOrderHistory history_;
  test_support::FakeWebhooks webhooks_{history_};
  test_support::FakeBuyers users_;
  test_support::FakeAuditLog log_;
  services::audit::Journal journal_{log_, users_};
  services::operations::WebhookOperations operations_{{webhooks_, history_}, journal_, false};
  WebhooksApi api_{operations_};
  http::Router router_;
  test_support::Visitor program_{router_};
  const Headers token_ = bearing(ApiScope::kWebhooks);
};

TEST_F(WebhooksApiTest, EveryRouteAsksForItsScope) {
  add();
  const Headers other = bearing(ApiScope::kOrdersWrite);
  for (const char* target : {"", "/1", "/1/log"}) {
    EXPECT_EQ(program_.get(fmt::format("/api/v1/webhooks{}", target), other).status, 403);
    EXPECT_EQ(get(target).status, 200) << target;
  }
  for (const char* target : {"", "/1/replay", "/1/rotate", "/1/enable", "/1/remove"}) {
    const std::string path = fmt::format("/api/v1/webhooks{}", target);
    EXPECT_EQ(program_.post_json(path, "{}", other).status, 403) << target;
  }
  EXPECT_EQ(webhooks_.endpoints.size(), 1U);
}

TEST_F(WebhooksApiTest, TellsASecretOnceAndJournalsTheTokensName) {
  const auto added = add();
  EXPECT_EQ(added.at("events").at(0).as_string(), "order.paid");
  EXPECT_THAT(std::string(added.at("secret").as_string()), testing::StartsWith("whsec_"));
  for (const auto& response : {get(""), get("/1"), post("/1/enable")}) {
    EXPECT_EQ(response.status, 200);
    EXPECT_THAT(body_of(response), HasSubstr("https://shop.example/x"));
    EXPECT_THAT(body_of(response), Not(HasSubstr("whsec_")));
  }
  const auto rotated = json(post("/1/rotate"));
  EXPECT_NE(rotated.at("secret"), added.at("secret"));
  EXPECT_EQ(rotated.at("previous_secret_until").as_string(), "2026-11-23T08:24:00.000Z");
  EXPECT_EQ(log_.list(0, 10)[0].actor, "api:erp");
  EXPECT_EQ(post("/1/remove").status, 200);
  EXPECT_EQ(get("/1").status, 404);
}

TEST_F(WebhooksApiTest, ReplaysFromAnOrderOrFromTheStart) {
  history_.end = 20;
  add();
  EXPECT_EQ(post("/1/replay", R"({"from_order":11})").status, 200);
  EXPECT_EQ(webhooks_.progresses[WebhookId{1}].cursors[0], 10);
  EXPECT_EQ(post("/1/replay", R"({"from_start":true})").status, 200);
  EXPECT_EQ(webhooks_.progresses[WebhookId{1}].cursors[0], 0);
  for (const char* body : {"{}", R"({"from_start":false})", R"({"from_start":true,"from_order":1})",
                           R"({"from_order":0})", R"({"from_order":"1"})", R"({"from":1})", "[]"}) {
    const auto response = post("/1/replay", body);
    EXPECT_EQ(response.status, 400) << body;
    EXPECT_THAT(body_of(response), testing::AnyOf(HasSubstr("expected"), HasSubstr("no JSON")));
  }
}

TEST_F(WebhooksApiTest, TheLogTellsHowAttemptsEnded) {
  add();
  webhooks_.attempts = {{.id = 4,
                         .place = {0, 7},
                         .at = now_.wall,
                         .status = 0,
                         .failure = "timeout",
                         .duration = std::chrono::milliseconds{15'000}}};
  const auto log = json(get("/1/log?before=9"));
  EXPECT_EQ(boost::json::serialize(log.at("attempts").at(0)),
            R"({"attempt":4,"event":"evt_0_7","at":"2026-11-22T08:24:00.000Z","status":0,)"
            R"("failure":"timeout","duration_ms":15000})");
  EXPECT_EQ(get("/1/log?before=x").status, 400);
}

TEST_F(WebhooksApiTest, WhatIsWrongIsSaid) {
  for (const auto& [body, said] : std::vector<std::pair<std::string, std::string>>{
           {"", "no JSON object"},
           {"{}", "url: expected a text"},
           {R"({"url":"https://a.example/","events":"order.paid"})", "events: expected a list"},
           {R"({"url":"https://a.example/","events":["order.sold"]})", "order.refund_due"},
           {R"({"url":"https://a.example/","events":[1]})", "events: expected a list"},
           {R"({"address":"https://a.example/"})", "expected url, events"}}) {
    const auto response = post("", body);
    EXPECT_EQ(response.status, 400) << body;
    EXPECT_THAT(body_of(response), HasSubstr(said)) << body;
  }
  EXPECT_EQ(post("", R"({"url":"https://127.0.0.1/"})").status, 422);
  EXPECT_EQ(post("", R"({"url":"http://a.example/"})").status, 422);
  for (const char* id : {"/9", "/0", "/x"}) {
    EXPECT_EQ(get(id).status, 404) << id;
    EXPECT_EQ(post(std::string(id) + "/rotate").status, 404) << id;
  }
  EXPECT_TRUE(webhooks_.endpoints.empty());
}

}  // namespace
}  // namespace stampede::controllers
