#include "controllers/cluster/peers_controller.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "peers/json.h"
#include "tests/support/fakes/fake_quantity.h"
#include "tests/support/test_ring.h"
#include "tests/support/visitor.h"

namespace stampede::controllers {
namespace {

using test_support::body_of;
using test_support::FakeQuantity;
using test_support::header_of;
using test_support::heartbeat_of;
using testing::HasSubstr;

class PeersControllerTest : public testing::Test {
 protected:
  PeersControllerTest() { controller_.add_routes(router_); }

  http::Response post(std::string_view target, std::string_view body) {
    return visitor_.post(target, body,
                         {{"Stampede-Peer", authenticator_.seal_quantity(now_.wall)}});
  }
  http::Response beat(const peers::Heartbeat& heartbeat) {
    return post("/internal/heartbeat", peers::to_json(heartbeat));
  }

  Now now_{*parse_rfc3339("2026-11-22T08:24:00Z"), Tick{std::chrono::hours{1}}};
  FakeQuantity quantity_{now_};
  concurrency::WorkerPool pool_{{.name = "peers", .threads = 2}};
  test::TestRing keys_;
  peers::Authenticator authenticator_{keys_.ring(), "a"};
  PeersController controller_{{quantity_.control, pool_, pool_, authenticator_},
                              [this] { return now_; }};
  http::Router router_;
  test_support::Visitor visitor_{router_};
};

TEST_F(PeersControllerTest, AHeartbeatBringsBackTheRing) {
  const auto response = beat(heartbeat_of("a"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "application/json");
  EXPECT_EQ(header_of(response, "Cache-Control"), "no-store");
  const auto reply = peers::parse_heartbeat_reply(body_of(response));
  ASSERT_TRUE(reply) << reply.error();
  EXPECT_EQ(reply->ring_epoch, 1);
  ASSERT_EQ(reply->members.size(), 1);
  EXPECT_EQ(reply->members[0].node, "a");
  ASSERT_TRUE(reply->sales);
  EXPECT_EQ(reply->sales->size(), 1);
}

TEST_F(PeersControllerTest, ALeaseIsGrantedToAMember) {
  beat(heartbeat_of("a"));
  const peers::LeaseAsk ask{heartbeat_of("a").member.holder(), 1, FakeQuantity::kSale, 1};
  const auto response = post("/internal/leases", peers::to_json(ask));
  EXPECT_EQ(response.status, 200);
  const auto reply = peers::parse_lease_reply(body_of(response));
  ASSERT_TRUE(reply) << reply.error();
  ASSERT_TRUE(reply->lease);
  EXPECT_EQ(reply->lease->holder, ask.holder);
  EXPECT_EQ(reply->lease->granted, 5);
}

TEST_F(PeersControllerTest, TheConsoleSeesTheMembersAndWhatTheyCount) {
  beat(heartbeat_of("a"));
  const auto response = visitor_.get("/internal/members",
                                     {{"Stampede-Peer", authenticator_.seal_quantity(now_.wall)}});
  EXPECT_EQ(response.status, 200);
  const auto report = peers::parse_cluster_report(body_of(response));
  ASSERT_TRUE(report) << report.error();
  EXPECT_EQ(report->ring_epoch, 1);
  ASSERT_EQ(report->nodes.size(), 1);
  EXPECT_EQ(report->nodes[0].member, heartbeat_of("a").member);
  EXPECT_EQ(report->nodes[0].counts, heartbeat_of("a").counts);
}

TEST_F(PeersControllerTest, AValidatorWithAnotherKeyIsToldSoAndLearnsNothing) {
  test::TestRing other_keys;
  const peers::Authenticator stranger(other_keys.ring(), "a");
  const std::string body = peers::to_json(heartbeat_of("a"));
  for (const std::string& token :
       {std::string("forged"), stranger.seal_quantity(now_.wall), std::string(),
        authenticator_.seal_forward(UserId{1}, now_.wall)}) {
    const test_support::Headers headers = {{"Stampede-Peer", token}};
    for (const auto& response : {visitor_.post("/internal/heartbeat", body, headers),
                                 visitor_.post("/internal/leases", body, headers),
                                 visitor_.get("/internal/members", headers)}) {
      EXPECT_EQ(response.status, 403);
      EXPECT_THAT(std::string(body_of(response)), HasSubstr(R"(#wrong-peer-secret")"));
      EXPECT_THAT(std::string(body_of(response)),
                  HasSubstr("the key files of both processes must hold the same key, and their "
                            "clocks must be within 30 s"));
    }
  }
  EXPECT_EQ(visitor_.post("/internal/heartbeat", body).status, 403) << "without the header";
  EXPECT_TRUE(quantity_.control.report(now_)->nodes.empty());
}

/// A stranger who replays a recorded token gets the time, sealed for its sender, and nothing else.
TEST_F(PeersControllerTest, AStaleTokenBringsTheDatabasesTimeAndNothingElse) {
  const std::string body = peers::to_json(heartbeat_of("a"));
  for (const std::chrono::seconds age : {std::chrono::seconds{31}, -std::chrono::seconds{31}}) {
    const std::string token = authenticator_.seal_quantity(now_.wall - age);
    const test_support::Headers headers = {{"Stampede-Peer", token}};
    for (const auto& response : {visitor_.post("/internal/heartbeat", body, headers),
                                 visitor_.post("/internal/leases", body, headers),
                                 visitor_.get("/internal/members", headers)}) {
      EXPECT_EQ(response.status, 403);
      EXPECT_THAT(std::string(body_of(response)), HasSubstr(R"(#stale-peer-token")"));
      EXPECT_EQ(authenticator_.open_time(header_of(response, "Stampede-Time"), token), now_.wall);
    }
  }
  EXPECT_TRUE(quantity_.control.report(now_)->nodes.empty());
}

/// By its own clock, when that is wrong, quantity control would refuse every validator, and accept
/// a recorded token.
TEST_F(PeersControllerTest, TokensAreJudgedByTheDatabasesClockAlone) {
  const std::string body = peers::to_json(heartbeat_of("a"));
  const std::string token = authenticator_.seal_quantity(now_.wall);
  const std::string recorded = authenticator_.seal_quantity(now_.wall - std::chrono::hours{1});
  const Instant time = now_.wall;
  now_.wall -= std::chrono::hours{1};
  // Nor is the database asked for each.
  quantity_.store.set_clock(time + std::chrono::hours{5});
  const auto response = visitor_.post("/internal/heartbeat", body, {{"Stampede-Peer", recorded}});
  EXPECT_EQ(response.status, 403);
  EXPECT_EQ(authenticator_.open_time(header_of(response, "Stampede-Time"), recorded), time);
  EXPECT_EQ(visitor_.post("/internal/heartbeat", body, {{"Stampede-Peer", token}}).status, 200);
}

/// It has not heard the time for long, and would mislead a peer that can learn it elsewhere.
TEST_F(PeersControllerTest, AStandbyTellsNoTime) {
  quantity_.control.resign();
  const std::string body = peers::to_json(heartbeat_of("a"));
  for (const std::chrono::hours age : {std::chrono::hours{0}, std::chrono::hours{1}}) {
    const std::string token = authenticator_.seal_quantity(now_.wall - age);
    const auto response = visitor_.post("/internal/heartbeat", body, {{"Stampede-Peer", token}});
    EXPECT_EQ(response.status, 503);
    EXPECT_THAT(std::string(body_of(response)), HasSubstr(R"(#standby")"));
  }
}

TEST_F(PeersControllerTest, AMessageThatIsNoneIsRefusedWithWhatWasWrong) {
  auto response = post("/internal/heartbeat", R"({"protocol":2})");
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(std::string(body_of(response)), HasSubstr(R"(#bad-message")"));
  EXPECT_THAT(std::string(body_of(response)), HasSubstr("protocol is 2: expected 1"));
  response = post("/internal/leases", R"({"protocol":1,"holder":"a"})");
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(std::string(body_of(response)), HasSubstr("expected NODE/INCARNATION"));
}

TEST_F(PeersControllerTest, ANameOfALiveProcessIsTaken) {
  beat(heartbeat_of("a"));
  const auto response = beat(heartbeat_of("a", "fedcba9876543210"));
  EXPECT_EQ(response.status, 409);
  EXPECT_THAT(std::string(body_of(response)), HasSubstr(R"(#node-taken")"));
  EXPECT_THAT(std::string(body_of(response)), HasSubstr("the node name \\\"a\\\" is taken"));
}

TEST_F(PeersControllerTest, WhileTheDatabaseIsAwayItIsUnavailable) {
  quantity_.catalog.away = true;
  const auto response = beat(heartbeat_of("a"));
  EXPECT_EQ(response.status, 503);
  EXPECT_THAT(std::string(body_of(response)), HasSubstr(R"(#unavailable")"));
  quantity_.catalog.away = false;
  EXPECT_EQ(beat(heartbeat_of("a")).status, 200);
}

}  // namespace
}  // namespace stampede::controllers
