#include "controllers/cluster/check_forwarding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "queue/local/local_queue.h"
#include "tests/support/metric.h"
#include "tests/support/test_ring.h"
#include "tests/support/visitor.h"

namespace stampede::controllers {
namespace {

using peers::ForwardedAnswer;
using peers::ForwardedCheck;
using peers::ForwardFailure;
using services::routing::Ring;
using test_support::body_of;
using test_support::header_of;
using test_support::metric_of;
using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kKey = "0123456789abcdef";
constexpr const char* kForwarded = "stampede_check_forwarded_total";
constexpr const char* kFailed = "stampede_check_forward_failed_total";
constexpr const char* kTarget = "/check?productID=7";

/// Answers what the test says.
class FakeForwarder final : public peers::Forwarder {
 public:
  void forward(const ForwardedCheck& check, Instant, Done done) override {
    forwarded.push_back(check);
    done(result);
  }
  std::vector<ForwardedCheck> forwarded;
  Result result = ForwardedAnswer{.status = 201,
                                  .content_type = "application/json",
                                  .location = "/there",
                                  .retry_after = "7",
                                  .body = R"({"result":"sold","order":5})"};
};

/// The validator "a" beside another one, "b". Nothing is on sale at a: what it decides itself is a
/// 404.
class CheckForwardingTest : public testing::Test {
 protected:
  CheckForwardingTest() {
    routes_.load(std::make_shared<const Ring>(
        1, services::routing::HashKey{},
        std::vector<Member>{{"a", "10.0.0.1:8083", "a"}, {"b", "10.0.0.2:8083", "b"}}));
    forwarding_.add_routes(router_);
  }

  UserId buyer_of(std::string_view node) const {
    UserId buyer{1};
    while (routes_.ring()->owner(buyer)->node != node) ++buyer.value;
    return buyer;
  }
  http::Response check(UserId buyer, test_support::Headers headers = {},
                       const char* target = kTarget) {
    visitor_.cookies["sign"] = sessions_.issue(buyer, 0, read_clocks().wall);
    headers.emplace_back("Idempotency-Key", kKey);
    return visitor_.post(target, "", headers);
  }
  std::string passed_on_by_b(UserId buyer) const {
    return peers::Authenticator(keys_.ring(), "b").seal_forward(buyer, read_clocks().wall);
  }
  void open_sale() {
    checkout_.load_sales(std::vector{Sale{.id = SaleId{3}, .product = ProductId{7}}});
  }

  test::TestRing keys_;
  captcha::Tokens captcha_{keys_.ring()};
  services::admission::Blacklist blacklist_;
  queue::local::LocalQueue queue_{100};
  services::purchase::Checkout checkout_{{.interval = {}}, {captcha_, queue_, blacklist_}};
  services::accounts::Sessions sessions_{keys_.ring()};
  OriginRule origin_{std::nullopt};
  services::routing::RouteTable routes_;
  peers::Authenticator authenticator_{keys_.ring(), "a"};
  FakeForwarder forwarder_;
  std::string client_;           // of the last attempt that was decided here
  std::chrono::hours ahead_{0};  // of the database: this machine's wall clock
  CheckController controller_{[this](const auto& attempt, const auto& wait) {
                                client_ = attempt.client;
                                return checkout_.attempt(attempt, wait);
                              },
                              sessions_, origin_, keys_.ring(),
                              [this](Now now) { return now.wall - ahead_; }};
  CheckForwarding forwarding_{{.node = "a",
                               .routes = routes_,
                               .authenticator = authenticator_,
                               .forwarder = forwarder_,
                               .check = controller_}};
  http::Router router_;
  test_support::Visitor visitor_{router_};
};

TEST_F(CheckForwardingTest, ItsOwnBuyersAreDecidedHere) {
  EXPECT_EQ(check(buyer_of("a")).status, 404);
  EXPECT_THAT(forwarder_.forwarded, IsEmpty());
}

/// A session lasts for 12 h.
TEST_F(CheckForwardingTest, SessionsAreOpenedByTheTimeThatIsBelieved) {
  const UserId buyer = buyer_of("a");
  EXPECT_EQ(check(buyer).status, 404);
  ahead_ = std::chrono::hours{13};
  visitor_.cookies["sign"] = sessions_.issue(buyer, 0, read_clocks().wall - ahead_);
  EXPECT_EQ(visitor_.post(kTarget, "", {{"Idempotency-Key", kKey}}).status, 404) << "not: 401";
}

TEST_F(CheckForwardingTest, TheSaleThatIsNamedIsTheOneThatIsMeant) {
  const UserId buyer = buyer_of("a");
  const auto type_of = [&](const char* target) {
    const auto response = check(buyer, {}, target);
    return std::to_string(response.status) + " " + std::string(body_of(response));
  };
  open_sale();
  EXPECT_THAT(type_of("/check?productID=7&sale=4"),
              AllOf(HasSubstr("404"), HasSubstr("unknown-sale")));
  EXPECT_THAT(type_of("/check?productID=8&sale=3"),
              AllOf(HasSubstr("404"), HasSubstr("unknown-sale")));
  for (const char* malformed : {"", "0", "-1", "03", "3x", "99999999999999999999"}) {
    const std::string target = std::string("/check?productID=7&sale=") + malformed;
    EXPECT_THAT(type_of(target.c_str()), AllOf(HasSubstr("400"), HasSubstr("bad-number")))
        << target;
  }
  EXPECT_THAT(type_of("/check?productID=7&sale=3"), HasSubstr("captcha-required"));
}

TEST_F(CheckForwardingTest, AClientsAddressIsBelievedOfPeersAlone) {
  const UserId buyer = buyer_of("a");
  const std::string client(peers::kClientHeader);
  check(buyer, {{client, "198.51.100.7"}});
  EXPECT_EQ(client_, "192.0.2.1");
  const std::string peer(peers::Authenticator::kHeader);
  check(buyer, {{peer, passed_on_by_b(buyer)}, {client, "198.51.100.7"}});
  EXPECT_EQ(client_, "198.51.100.7");
  // An older validator does not say it.
  check(buyer, {{peer, passed_on_by_b(buyer)}});
  EXPECT_EQ(client_, "");
}

TEST_F(CheckForwardingTest, ASessionIsPassedOnUnderTheNameThatItIsGoodUnder) {
  const UserId buyer = buyer_of("b");
  visitor_.cookies["__Host-sign"] = sessions_.issue(buyer, 0, read_clocks().wall, true);
  check(buyer);
  ASSERT_EQ(forwarder_.forwarded.size(), 1);
  EXPECT_EQ(forwarder_.forwarded.front().session, "__Host-sign=" + visitor_.cookies["__Host-sign"]);
}

TEST_F(CheckForwardingTest, AnothersBuyersArePassedOnWithAllThatIsNeeded) {
  const UserId buyer = buyer_of("b");
  const auto response = check(buyer, {{"Captcha-Pass", "pass"}, {"X-User-Id", "1"}});
  ASSERT_EQ(forwarder_.forwarded.size(), 1);
  const ForwardedCheck& sent = forwarder_.forwarded.front();
  EXPECT_EQ(sent.owner, "10.0.0.2:8083");
  EXPECT_EQ(sent.buyer, buyer);
  EXPECT_EQ(sent.target, kTarget);
  EXPECT_EQ(sent.session, "sign=" + visitor_.cookies["sign"]);
  EXPECT_EQ(sent.intent, kKey);
  EXPECT_EQ(sent.pass, "pass");
  EXPECT_EQ(sent.client, "192.0.2.1");

  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.content_type, "application/json");
  EXPECT_EQ(header_of(response, "Location"), "/there");
  EXPECT_EQ(header_of(response, "Retry-After"), "7");
  EXPECT_EQ(body_of(response), R"({"result":"sold","order":5})");
  EXPECT_EQ(metric_of(forwarding_, kForwarded), 1);
  EXPECT_EQ(metric_of(forwarding_, kFailed), 0);
}

TEST_F(CheckForwardingTest, CountsAnswersByVerdictAndWhatWasRefusedBefore) {
  check(buyer_of("a"));
  visitor_.cookies.clear();
  visitor_.post(kTarget, "", {{"Idempotency-Key", kKey}});
  const CheckCounts counts = controller_.counts();
  EXPECT_EQ(counts.answers[static_cast<std::size_t>(Verdict::kUnknownProduct)], 1);
  EXPECT_EQ(counts.answers[CheckCounts::kRefused], 1);
  EXPECT_EQ(counts.attempts(), 2);
  EXPECT_EQ(counts.waits, decltype(counts.waits){});
}

TEST_F(CheckForwardingTest, WhatTheOwnerDidNotSeeTookNothing) {
  open_sale();
  forwarder_.result = std::unexpected(ForwardFailure::kNothingDone);
  const auto response = check(buyer_of("b"));
  EXPECT_EQ(response.status, 503);
  EXPECT_THAT(std::string(body_of(response)), HasSubstr(R"(#unavailable")"));
  EXPECT_THAT(std::string(body_of(response)), HasSubstr("Nothing was taken"));
  EXPECT_THAT(header_of(response, "Retry-After"), AnyOf("1", "2", "3"));
  EXPECT_EQ(forwarder_.forwarded.size(), 1) << "once";
  EXPECT_EQ(metric_of(forwarding_, kFailed), 1);
}

TEST_F(CheckForwardingTest, ALostAnswerIsNotSaidToHaveTakenNothingAndMayHaveBeenAYes) {
  open_sale();
  forwarder_.result = std::unexpected(ForwardFailure::kLost);
  const auto response = check(buyer_of("b"));
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(forwarder_.forwarded.size(), 1) << "once";
  EXPECT_THAT(std::string(body_of(response)), HasSubstr("The outcome is not known"));
  EXPECT_THAT(header_of(response, "Retry-After"), AnyOf("1", "2", "3"));
}

TEST_F(CheckForwardingTest, WhatWasPassedOnIsNeverPassedOnAgain) {
  const UserId buyer = buyer_of("b");
  const auto response = check(buyer, {{"Stampede-Peer", passed_on_by_b(buyer)}});
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(header_of(response, "Retry-After"), "1");
  EXPECT_THAT(forwarder_.forwarded, IsEmpty());
}

TEST_F(CheckForwardingTest, WhatAPeerPassesOnHadItsOriginLookedAtThere) {
  const UserId buyer = buyer_of("a");
  const test_support::Headers foreign = {{"Origin", "https://evil.example"}};
  EXPECT_EQ(check(buyer, foreign).status, 403);
  EXPECT_EQ(check(buyer_of("b"), foreign).status, 403);
  EXPECT_THAT(forwarder_.forwarded, IsEmpty());
  auto headers = foreign;
  headers.emplace_back("Stampede-Peer", passed_on_by_b(buyer));
  EXPECT_EQ(check(buyer, headers).status, 404) << "decided here";
}

TEST_F(CheckForwardingTest, APeersHeaderThatNoPeerMadeIsRefused) {
  const test::TestRing other_keys;
  const peers::Authenticator stranger(other_keys.ring(), "b");
  const Instant now = read_clocks().wall;
  const UserId buyer = buyer_of("a");
  for (const std::string& token :
       {std::string("forged"), stranger.seal_forward(buyer, now), authenticator_.seal_quantity(now),
        passed_on_by_b(UserId{buyer.value + 1}),
        authenticator_.seal_forward(buyer, now - std::chrono::seconds{31})}) {
    const auto response = check(buyer, {{"Stampede-Peer", token}});
    EXPECT_EQ(response.status, 403) << token;
    EXPECT_THAT(std::string(body_of(response)), HasSubstr(R"(#wrong-peer-secret")"));
  }
}

TEST_F(CheckForwardingTest, TheOwnerLooksAtTheCookieItself) {
  const UserId buyer = buyer_of("a");
  const test_support::Headers headers = {{"Stampede-Peer", passed_on_by_b(buyer)},
                                         {"Idempotency-Key", kKey}};
  EXPECT_EQ(visitor_.post(kTarget, "", headers).status, 401) << "without a cookie";
  visitor_.cookies["sign"] = "forged";
  EXPECT_EQ(visitor_.post(kTarget, "", headers).status, 401);
}

TEST_F(CheckForwardingTest, WhatIsWrongInItselfIsNotPassedOn) {
  EXPECT_EQ(visitor_.post(kTarget, "", {{"Idempotency-Key", kKey}}).status, 401);
  visitor_.cookies["sign"] = sessions_.issue(buyer_of("b"), 0, read_clocks().wall);
  EXPECT_EQ(visitor_.post(kTarget, "").status, 400);
  EXPECT_EQ(visitor_.post(kTarget, "", {{"Idempotency-Key", "short"}}).status, 400);
  EXPECT_THAT(forwarder_.forwarded, IsEmpty());
}

TEST_F(CheckForwardingTest, WithoutMembersTheRulesDecide) {
  routes_.load(
      std::make_shared<const Ring>(2, services::routing::HashKey{}, std::vector<Member>{}));
  EXPECT_EQ(check(UserId{1}).status, 404);
}

TEST_F(CheckForwardingTest, AloneItOwnsEverybodyAndKnowsNoPeers) {
  http::Router router;
  controller_.add_routes(router);
  test_support::Visitor visitor(router);
  visitor.cookies["sign"] = sessions_.issue(buyer_of("b"), 0, read_clocks().wall);
  const auto response =
      visitor.post(kTarget, "", {{"Idempotency-Key", kKey}, {"Stampede-Peer", "forged"}});
  EXPECT_EQ(response.status, 404);
}

}  // namespace
}  // namespace stampede::controllers
