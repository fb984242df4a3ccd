#include "controllers/api/orders_api.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "tests/support/fakes/fake_api_tokens.h"
#include "tests/support/fakes/fake_buyers.h"
#include "tests/support/fakes/fake_order_events.h"
#include "tests/support/fakes/fake_order_search.h"
#include "tests/support/visitor.h"

namespace stampede::controllers {
namespace {

using test_support::body_of;
using test_support::header_of;
using test_support::Headers;
using testing::HasSubstr;

class OrdersApiTest : public testing::Test {
 protected:
  OrdersApiTest() { api_.add_routes(router_, guard_); }

  std::string issue(std::vector<ApiScope> scopes) {
    return access_
        .issue({.id = {},
                .name = "checkout",
                .scopes = std::move(scopes),
                .created_at = now_.wall,
                .expires_at = std::nullopt,
                .revoked_at = std::nullopt})
        .text;
  }
  static Headers bearing(const std::string& token) {
    return {{"Authorization", "Bearer " + token}};
  }
  http::Response post(const std::string& target, const std::string& body) {
    return program_.post_json("/api/v1/orders/10" + target, body, bearing(both_));
  }
  static boost::json::value json(const http::Response& response) {
    return boost::json::parse(body_of(response));
  }
  /// An order of 1999 cents that waits for its payment.
  void hold() {
    Order& order = search_.add(10, UserId{5}).line.order;
    order.status = OrderStatus::kHeld;
    order.pay_by = parse_rfc3339("2026-11-22T08:34:00Z");
    events_.orders.push_back(order);
    events_.sale.price_cents = 1999;
  }

  Now now_{*parse_rfc3339("2026-11-22T08:24:00Z"), Tick{}};
  test_support::FakeApiTokens tokens_;
  services::accounts::ApiAccess access_{tokens_};
  concurrency::WorkerPool pool_{{.name = "api", .threads = 1, .queue = 8}};
  ApiGuard guard_{{.access = access_, .pool = pool_}, [this] { return now_; }};
  test_support::FakeOrderSearch search_;
  services::orders::OrderArchive archive_{search_};
  test_support::FakeOrderEvents events_;
  test_support::FakeBuyers users_;
  test_support::FakeAuditLog log_;
  services::audit::Journal journal_{log_, users_};
  services::operations::OrderOperations operations_{events_, journal_};
  OrdersApi api_{{.archive = archive_, .operations = operations_}};
  http::Router router_;
  test_support::Visitor program_{router_};
  const std::string both_ = issue({ApiScope::kOrdersRead, ApiScope::kOrdersWrite});
};

TEST_F(OrdersApiTest, WithoutAGoodTokenNothingIsSaid) {
  hold();
  const auto none = program_.get("/api/v1/orders/10");
  EXPECT_EQ(none.status, 401);
  EXPECT_EQ(header_of(none, "WWW-Authenticate"), "Bearer realm=\"stampede\"");
  EXPECT_THAT(body_of(none), HasSubstr("#token-required\""));
  for (const Headers& headers :
       {bearing("stampede_" + std::string(43, 'A')), bearing("x"),
        Headers{{"Authorization", "Basic " + both_}}, Headers{{"Authorization", both_}}}) {
    EXPECT_EQ(program_.get("/api/v1/orders/10", headers).status, 401);
  }
  ASSERT_TRUE(tokens_.revoke(ApiTokenId{1}, now_.wall));
  const auto revoked = program_.get("/api/v1/orders/10", bearing(both_));
  EXPECT_EQ(revoked.status, 401);
  EXPECT_THAT(header_of(revoked, "WWW-Authenticate"), HasSubstr("error=\"invalid_token\""));
  EXPECT_THAT(body_of(revoked), HasSubstr("revoked"));
}

TEST_F(OrdersApiTest, EachRouteAsksForItsScope) {
  hold();
  const auto reader = bearing(issue({ApiScope::kOrdersRead}));
  const auto writer = bearing(issue({ApiScope::kOrdersWrite}));
  EXPECT_EQ(program_.get("/api/v1/orders/10", reader).status, 200);
  const auto refused = program_.get("/api/v1/orders/10", writer);
  EXPECT_EQ(refused.status, 403);
  EXPECT_THAT(header_of(refused, "WWW-Authenticate"), HasSubstr("scope=\"orders:read\""));
  for (const char* route : {"payments", "refunds", "cancel"}) {
    const std::string target = fmt::format("/api/v1/orders/10/{}", route);
    EXPECT_EQ(program_.post_json(target, "{}", reader).status, 403) << route;
    EXPECT_NE(program_.post_json(target, "{}", writer).status, 403) << route;
  }
}

TEST_F(OrdersApiTest, APaymentIsRecordedOnceHoweverOftenItIsTold) {
  hold();
  const std::string body = R"({"reference":"shop:1","amount_cents":1999})";
  const auto first = post("/payments", body);
  EXPECT_EQ(first.status, 201);
  EXPECT_EQ(json(first).at("state").as_string(), "kept");
  EXPECT_EQ(post("/payments", body).status, 200);
  EXPECT_EQ(events_.payments.size(), 1U);
  const auto order = json(program_.get("/api/v1/orders/10", bearing(both_)));
  EXPECT_EQ(order.at("events").at(0).at("event").as_string(), "paid");
  EXPECT_EQ(order.at("events").at(0).at("actor").as_string(), "api:checkout");
  EXPECT_EQ(order.at("payments").at(0).at("reference").as_string(), "shop:1");
  ASSERT_EQ(log_.list(0, 10).size(), 1U);
  EXPECT_EQ(log_.list(0, 10)[0].actor, "api:checkout");
}

TEST_F(OrdersApiTest, APaymentThatPaysNothingIsToGoBackAndGoesBackOnce) {
  hold();
  const auto due = post("/payments", R"({"reference":"shop:1","amount_cents":1998})");
  EXPECT_EQ(due.status, 201);
  EXPECT_EQ(json(due).at("state").as_string(), "refund_due");
  EXPECT_EQ(json(due).at("reason").as_string(), "wrong-amount");
  const std::string body = R"({"reference":"shop:1"})";
  EXPECT_EQ(post("/refunds", body).status, 201);
  EXPECT_EQ(post("/refunds", body).status, 200);
  const auto other = post("/refunds", R"({"reference":"shop:2"})");
  EXPECT_EQ(other.status, 422);
  EXPECT_THAT(body_of(other), HasSubstr("order 10 has no payment"));
}

TEST_F(OrdersApiTest, AnOrderIsCancelledOnce) {
  hold();
  EXPECT_EQ(post("/cancel", R"({"reason":"asked for"})").status, 201);
  const auto again = post("/cancel", "{}");
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(json(again).at("status").as_string(), "cancelled");
  const auto long_reason = fmt::format(R"({{"reason":"{}"}})", std::string(201, 'x'));
  EXPECT_EQ(post("/cancel", long_reason).status, 422);
}

TEST_F(OrdersApiTest, WhatIsWrongWithABodyIsSaid) {
  hold();
  for (const auto& [body, said] : std::vector<std::pair<std::string, std::string>>{
           {"", "no JSON object"},
           {"[]", "no JSON object"},
           {R"({"reference":"a:1","amount_cents":1999)", "no JSON object"},
           {R"({"amount_cents":1999})", "reference: expected a text"},
           {R"({"reference":7,"amount_cents":1999})", "reference: expected a text"},
           {R"({"reference":"a:1"})", "amount_cents: expected a whole number"},
           {R"({"reference":"a:1","amount_cents":19.99})", "amount_cents: expected a whole number"},
           {R"({"reference":"a:1","amount":1999})", "expected reference, amount_cents"}}) {
    const auto response = post("/payments", body);
    EXPECT_EQ(response.status, 400) << body;
    EXPECT_THAT(body_of(response), HasSubstr(said)) << body;
  }
  EXPECT_EQ(program_.post("/api/v1/orders/10/payments", "reference=a", bearing(both_)).status, 400);
  EXPECT_EQ(post("/payments", R"({"reference":"a 1","amount_cents":1999})").status, 422);
  EXPECT_TRUE(events_.payments.empty());
}

TEST_F(OrdersApiTest, ThereIsNoSuchOrder) {
  for (const char* number : {"11", "0", "x", "99999999999999999999"}) {
    const std::string target = fmt::format("/api/v1/orders/{}", number);
    EXPECT_EQ(program_.get(target, bearing(both_)).status, 404) << number;
    EXPECT_EQ(program_.post_json(target + "/cancel", "{}", bearing(both_)).status, 404) << number;
  }
}

TEST(ApiGuardBody, IsRefusedByItsHead) {
  const auto refused = [](const Headers& headers) {
    http::Request request;
    for (const auto& [name, value] : headers) request.headers.emplace_back(name, value);
    const auto refusal = ApiGuard::refuse_body(request);
    return refusal ? refusal->status : 0;
  };
  const std::string token = "Bearer stampede_" + std::string(43, 'A');
  EXPECT_EQ(refused({{"Content-Length", "10"}}), 401);
  EXPECT_EQ(refused({{"Content-Length", "10"}, {"Authorization", "Bearer x"}}), 401);
  EXPECT_EQ(refused({{"Content-Length", "16384"}, {"Authorization", token}}), 0);
  EXPECT_EQ(refused({{"Content-Length", "16385"}, {"Authorization", token}}), 413);
  EXPECT_EQ(refused({{"Transfer-Encoding", "chunked"}, {"Authorization", token}}), 411);
}

}  // namespace
}  // namespace stampede::controllers
