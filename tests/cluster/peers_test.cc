// Peers over real HTTP, in one process: two validators that pass purchases on, and quantity
// control.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/cluster/check_forwarding.h"
#include "controllers/cluster/peers_controller.h"
#include "http/client/client.h"
#include "http/client/test_peer.h"
#include "http/server/server.h"
#include "peers/http/http_forwarder.h"
#include "peers/http/http_quantity_link.h"
#include "tests/support/eventually.h"
#include "tests/support/fakes/fake_quantity.h"
#include "tests/support/metric.h"
#include "tests/support/test_ring.h"

namespace stampede {
namespace {

using controllers::CheckController;
using controllers::CheckForwarding;
using http::testing::ScriptedPeer;
using services::routing::Ring;
using test_support::eventually;
using test_support::FakeQuantity;
using test_support::heartbeat_of;
using test_support::kPatience;
using test_support::metric_of;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kKey = "0123456789abcdef";
constexpr const char* kForwarded = "stampede_check_forwarded_total";
constexpr const char* kFailed = "stampede_check_forward_failed_total";
constexpr const char* kNobodyListens = "127.0.0.1:1";

/// A server that has its port already; start it once the router has its routes.
struct Listener {
  http::Router router;
  http::Server server{{.address = "127.0.0.1:0"}, router};
  std::string address() const { return server.address(); }
};

/// What a validator needs to decide, and to pass on.
struct Validator {
  Validator(std::string node, const identity::KeyRing& keys)
      : sessions(keys),
        captcha(keys),
        authenticator(keys, node),
        controller{[this](const auto& attempt, const auto& wait) {
                     return checkout.attempt(attempt, wait);
                   },
                   sessions, origin, keys},
        forwarding({.node = std::move(node),
                    .routes = routes,
                    .authenticator = authenticator,
                    .forwarder = forwarder,
                    .check = controller}) {
    forwarding.add_routes(listener.router);
    listener.server.start();
  }
  ~Validator() {
    listener.server.drain();
    upstream.stop();
  }

  Listener listener;
  services::accounts::Sessions sessions;
  captcha::Tokens captcha;
  services::admission::Blacklist blacklist;
  queue::local::LocalQueue queue{100};
  services::purchase::Checkout checkout{{}, {captcha, queue, blacklist}};
  controllers::OriginRule origin{std::nullopt};
  services::routing::RouteTable routes;
  http::Upstream upstream;
  peers::Authenticator authenticator;
  peers::HttpForwarder forwarder{upstream, authenticator};
  CheckController controller;
  CheckForwarding forwarding;
};

/// The buyer asks validator a. At a nothing is on sale (404), at b the sale is over (410): so an
/// answer says who made it.
class PassingOnTest : public testing::Test {
 protected:
  PassingOnTest() { sell_at(b_, read_clocks().wall - std::chrono::minutes{1}); }

  static void sell_at(Validator& validator, std::optional<Instant> until) {
    validator.checkout.load_sales(
        std::vector{Sale{.id = SaleId{3}, .product = ProductId{7}, .ends_at = until}});
  }
  static std::shared_ptr<const Ring> ring_of(const std::string& a, const std::string& b) {
    return std::make_shared<const Ring>(1, services::routing::HashKey{},
                                        std::vector<Member>{{"a", a, "1"}, {"b", b, "2"}});
  }
  UserId buyer_of(std::string_view node) const {
    UserId buyer{1};
    while (ring_->owner(buyer)->node != node) ++buyer.value;
    return buyer;
  }
  /// At validator a.
  http::ClientResponse check(UserId buyer) {
    const auto response = client_.send(
        {.method = "POST",
         .target = "/check?productID=7",
         .headers = {{"Cookie", "uid=1; sign=" + a_.sessions.issue(buyer, 0, read_clocks().wall)},
                     {"Idempotency-Key", kKey},
                     {"Origin", "http://" + a_.listener.address()}}});
    if (!response) throw std::runtime_error(response.error());
    return *response;
  }

  test::TestRing keys_;
  Validator a_{"a", keys_.ring()};
  Validator b_{"b", keys_.ring()};
  http::Client client_{"127.0.0.1", a_.listener.server.port(), kPatience};
  const std::shared_ptr<const Ring> ring_ = ring_of(a_.listener.address(), b_.listener.address());
};

TEST_F(PassingOnTest, EachBuyerIsDecidedAboutByItsOwner) {
  a_.routes.load(ring_);
  b_.routes.load(ring_);
  EXPECT_EQ(check(buyer_of("a")).status, 404);
  EXPECT_EQ(metric_of(a_.forwarding, kForwarded), 0);
  const auto passed_on = check(buyer_of("b"));
  EXPECT_EQ(passed_on.status, 410);
  EXPECT_EQ(passed_on.header("Content-Type"), "application/problem+json");
  EXPECT_THAT(passed_on.body, HasSubstr("sale-ended"));
  EXPECT_EQ(metric_of(a_.forwarding, kForwarded), 1);
  EXPECT_EQ(metric_of(a_.forwarding, kFailed), 0);
  EXPECT_EQ(metric_of(b_.forwarding, kForwarded), 0);
}

/// Each believes that the other is the owner: the request goes one hop and no further.
TEST_F(PassingOnTest, RingsThatDisagreeMakeNoCircle) {
  const UserId buyer = buyer_of("b");
  a_.routes.load(ring_);
  b_.routes.load(std::make_shared<const Ring>(
      2, services::routing::HashKey{}, std::vector<Member>{{"a", a_.listener.address(), "1"}}));
  const auto response = check(buyer);
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.header("Retry-After"), "1");
  EXPECT_THAT(response.body, HasSubstr("Nothing was taken"));
  EXPECT_EQ(metric_of(b_.forwarding, kForwarded), 0);
}

TEST_F(PassingOnTest, AnOwnerThatIsGoneTookNothing) {
  sell_at(a_, std::nullopt);
  a_.routes.load(ring_of(a_.listener.address(), kNobodyListens));
  const auto response = check(buyer_of("b"));
  EXPECT_EQ(response.status, 503);
  EXPECT_THAT(response.body, HasSubstr("Nothing was taken"));
  EXPECT_EQ(metric_of(a_.forwarding, kFailed), 1);
}

TEST_F(PassingOnTest, OfAnOwnerThatDiesOverARequestNothingIsKnown) {
  sell_at(a_, std::nullopt);
  ScriptedPeer dying;
  a_.routes.load(ring_of(a_.listener.address(), "127.0.0.1:" + std::to_string(dying.port())));
  std::string seen;
  std::jthread peer([&] { seen = dying.accept().request(); });
  const auto response = check(buyer_of("b"));
  EXPECT_EQ(response.status, 503);
  EXPECT_THAT(response.body, HasSubstr("The outcome is not known"));
  peer.join();
  EXPECT_THAT(seen, StartsWith("POST /check?productID=7 HTTP/1.1\r\n"));
}

TEST_F(PassingOnTest, AnOwnerWithAnotherKeyFileTakesNothing) {
  sell_at(a_, std::nullopt);
  const test::TestRing other_keys;
  Validator stranger("b", other_keys.ring());
  a_.routes.load(ring_of(a_.listener.address(), stranger.listener.address()));
  testing::internal::CaptureStderr();
  const auto response = check(buyer_of("b"));
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_EQ(response.status, 503);
  EXPECT_THAT(response.body, HasSubstr("Nothing was taken"));
  EXPECT_THAT(log,
              HasSubstr("error a validator refuses this one owner=" + stranger.listener.address()));
  EXPECT_THAT(log, HasSubstr("the key files of both processes must hold the same key"));
  EXPECT_THAT(log, HasSubstr("warning a peer was refused"));
}

class QuantityLinkTest : public testing::Test {
 protected:
  QuantityLinkTest() {
    controller_.add_routes(listener_.router);
    listener_.server.start();
  }
  ~QuantityLinkTest() override { listener_.server.drain(); }

  FakeQuantity quantity_{read_clocks()};
  test::TestRing keys_;
  peers::Authenticator authenticator_{keys_.ring(), "a"};
  concurrency::WorkerPool pool_{{.name = "peers", .threads = 2}};
  controllers::PeersController controller_{{quantity_.control, pool_, pool_, authenticator_}};
  Listener listener_;
  peers::HttpQuantityLink link_{std::array{listener_.address()}, authenticator_, kPatience};
};

TEST_F(QuantityLinkTest, BeatsAsksAndReports) {
  const auto reply = link_.beat(heartbeat_of("a"));
  ASSERT_TRUE(reply) << reply.error();
  EXPECT_EQ(reply->ring_epoch, 1);
  const auto lease =
      link_.ask({heartbeat_of("a").member.holder(), 1, FakeQuantity::kSale, reply->ring_epoch});
  ASSERT_TRUE(lease) << lease.error();
  ASSERT_TRUE(lease->lease);
  EXPECT_EQ(lease->lease->granted, 5);
  const auto report = link_.report();
  ASSERT_TRUE(report) << report.error();
  EXPECT_EQ(report->nodes.size(), 1);
}

TEST_F(QuantityLinkTest, ErrorsAreSentences) {
  ASSERT_TRUE(link_.beat(heartbeat_of("a")));
  const std::string at = "quantity control at " + listener_.address() + ": ";
  auto error = link_.beat(heartbeat_of("a", "fedcba9876543210")).error();
  EXPECT_THAT(error, StartsWith(at + "node-taken: the node name \"a\" is taken: the process at "));
  error = link_.beat(heartbeat_of("A")).error();
  EXPECT_EQ(error, at + "bad-message: member.node is \"A\": expected 1 to 32 characters of "
                        "a-z 0-9 -");
  quantity_.catalog.away = true;  // and a new validator must be told everything
  error = link_.beat(heartbeat_of("a")).error();
  EXPECT_THAT(error, StartsWith(at + "unavailable: "));
}

TEST_F(QuantityLinkTest, AnotherKeyFileIsAnErrorInTheLogsOfBoth) {
  const test::TestRing other_keys;
  peers::Authenticator stranger(other_keys.ring(), "b");
  peers::HttpQuantityLink link(std::array{listener_.address()}, stranger, kPatience);
  testing::internal::CaptureStderr();
  const auto reply = link.beat(heartbeat_of("b"));
  link.beat(heartbeat_of("b"));
  const std::string log = testing::internal::GetCapturedStderr();
  ASSERT_FALSE(reply);
  EXPECT_THAT(reply.error(), HasSubstr("wrong-peer-secret: "));
  EXPECT_THAT(reply.error(), HasSubstr("must hold the same key"));
  for (const char* line : {"warning a peer was refused", "error quantity control refuses"}) {
    EXPECT_NE(log.find(line), std::string::npos) << line << " in:\n" << log;
    EXPECT_EQ(log.find(line), log.rfind(line)) << "once for both requests:\n" << log;
  }
}

TEST_F(QuantityLinkTest, SaysThatNobodyListensOrSomethingElse) {
  peers::HttpQuantityLink nobody(std::array{std::string(kNobodyListens)}, authenticator_,
                                 kPatience);
  EXPECT_EQ(nobody.beat(heartbeat_of("a")).error(),
            "quantity control: connect 127.0.0.1:1: Connection refused");

  Listener other;
  other.router.post("/internal/leases", [](http::Request&, http::Responder responder) {
    responder(http::html(200, "hello"));
  });
  other.router.post("/internal/heartbeat", [](http::Request&, http::Responder responder) {
    responder(http::html(404, "no such page"));
  });
  other.server.start();
  peers::HttpQuantityLink something(std::array{other.address()}, authenticator_, kPatience);
  EXPECT_EQ(something.beat(heartbeat_of("a")).error(), "quantity control: what listens at " +
                                                           other.address() +
                                                           " answers 404 and is something else");
  EXPECT_THAT(something.ask({}).error(),
              StartsWith("quantity control at " + other.address() +
                         ": its answer is not understood: the message is no JSON"));
}

TEST_F(QuantityLinkTest, WaitsNoLongerThanItsTimeout) {
  ScriptedPeer silent;  // the kernel accepts, nobody answers
  peers::HttpQuantityLink link(std::array{"127.0.0.1:" + std::to_string(silent.port())},
                               authenticator_, std::chrono::milliseconds{50});
  EXPECT_THAT(link.beat(heartbeat_of("a")).error(), HasSubstr("timed out"));
}

/// Another process of quantity control, which stands by.
class TwoQuantitiesTest : public QuantityLinkTest {
 protected:
  TwoQuantitiesTest() {
    standby_controller_.add_routes(standby_listener_.router);
    standby_listener_.server.start();
  }
  ~TwoQuantitiesTest() override { standby_listener_.server.drain(); }

  services::leasing::QuantityControl standby_{quantity_.parts("quantity/2"),
                                              {.lead = std::chrono::hours{1'000'000}}};
  controllers::PeersController standby_controller_{{standby_, pool_, pool_, authenticator_}};
  Listener standby_listener_;
};

TEST_F(TwoQuantitiesTest, TheLinkGoesOnFromAStandbyToTheLeader) {
  const std::string at = "quantity control at " + standby_listener_.address();
  peers::HttpQuantityLink alone(std::array{standby_listener_.address()}, authenticator_, kPatience);
  EXPECT_THAT(alone.beat(heartbeat_of("a")).error(), StartsWith(at + ": standby: "));
  EXPECT_THAT(alone.report().error(), StartsWith(at + ": standby: "));

  peers::HttpQuantityLink both(std::array{standby_listener_.address(), listener_.address()},
                               authenticator_, kPatience);
  const auto reply = both.beat(heartbeat_of("a"));
  ASSERT_TRUE(reply) << reply.error();
  EXPECT_TRUE(both.ask({heartbeat_of("a").member.holder(), 1, FakeQuantity::kSale, 1}));
  EXPECT_TRUE(both.report());
}

/// So that a leader which none reaches any more hears of it from the database.
TEST_F(TwoQuantitiesTest, AStandbyThatAHeartbeatReachesNotesIt) {
  peers::HttpQuantityLink link(std::array{standby_listener_.address()}, authenticator_, kPatience);
  const auto noted = [&] {
    static_cast<void>(standby_.lead(read_clocks()));
    return quantity_.store.state().standby_asked != Instant::min();
  };
  ASSERT_FALSE(link.report());
  ASSERT_FALSE(link.ask({heartbeat_of("a").member.holder(), 1, FakeQuantity::kSale, 1}));
  EXPECT_FALSE(noted()) << "no heartbeat";
  ASSERT_FALSE(link.beat(heartbeat_of("a")));
  EXPECT_TRUE(noted());
}

TEST_F(TwoQuantitiesTest, TheLinkGoesOnFromOneThatIsNotReachedOrDoesNotAnswer) {
  ScriptedPeer silent;  // the kernel accepts, nobody answers
  peers::HttpQuantityLink link(
      std::array{std::string(kNobodyListens), "127.0.0.1:" + std::to_string(silent.port()),
                 listener_.address()},
      authenticator_, std::chrono::milliseconds{50});
  // The real answer may take longer than that, too: then all are asked anew.
  EXPECT_TRUE(eventually(kPatience, [&] { return link.beat(heartbeat_of("a")).has_value(); }));
}

/// A standby that was given an old key file keeps nobody from the leader.
TEST_F(TwoQuantitiesTest, TheLinkGoesOnFromOneThatHasAnotherKeyFile) {
  const test::TestRing other_keys;
  peers::Authenticator stranger(other_keys.ring(), "quantity");
  controllers::PeersController controller({standby_, pool_, pool_, stranger});
  Listener listener;
  controller.add_routes(listener.router);
  listener.server.start();
  peers::HttpQuantityLink link(std::array{listener.address(), listener_.address()}, authenticator_,
                               kPatience);
  const auto reply = link.beat(heartbeat_of("a"));
  EXPECT_TRUE(reply) << reply.error();
  listener.server.drain();
}

/// The next call does not wait for a process that did not answer before.
TEST_F(TwoQuantitiesTest, TheLinkAsksFirstWhoAnsweredLast) {
  std::atomic<int> asked = 0;
  Listener other;
  other.router.post("/internal/heartbeat", [&](http::Request&, http::Responder responder) {
    ++asked;
    responder(http::problem(503, "standby", "another leads"));
  });
  other.server.start();
  peers::HttpQuantityLink link(std::array{other.address(), listener_.address()}, authenticator_,
                               kPatience);
  ASSERT_TRUE(link.beat(heartbeat_of("a")));
  ASSERT_TRUE(link.beat(heartbeat_of("a")));
  EXPECT_EQ(asked, 1);
  other.server.drain();
}

/// A refusal of the message itself is the answer.
TEST_F(TwoQuantitiesTest, ANameThatIsTakenIsTakenEverywhere) {
  ASSERT_TRUE(link_.beat(heartbeat_of("a")));
  peers::HttpQuantityLink both(std::array{listener_.address(), standby_listener_.address()},
                               authenticator_, kPatience);
  EXPECT_THAT(both.beat(heartbeat_of("a", "fedcba9876543210")).error(),
              testing::Not(HasSubstr("standby")));
}

TEST(QuantityLink, RefusesAnAddressThatIsNone) {
  const test::TestRing keys;
  peers::Authenticator authenticator(keys.ring(), "a");
  for (const char* address : {"", "localhost", ":8084", "localhost:", "localhost:0", "a:65536"}) {
    EXPECT_THROW(peers::HttpQuantityLink(std::array{std::string(address)}, authenticator),
                 std::invalid_argument)
        << address;
  }
}

}  // namespace
}  // namespace stampede
