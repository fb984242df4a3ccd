#include "controllers/shop/purchase_events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "http/server/test_connection.h"
#include "http/server/test_server.h"
#include "tests/support/fakes/fake_order_events.h"
#include "tests/support/fakes/fake_orders.h"
#include "tests/support/test_ring.h"

namespace stampede::controllers {
namespace {

using http::testing::eventually;
using http::testing::get;
using http::testing::RawConnection;
using http::testing::status_of;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr const char* kKey = "0123456789abcdef";
constexpr const char* kTarget = "/purchases/3/0123456789abcdef/events?lease=4";

/// The events over real connections; the test looks when it wants to.
class PurchaseEventsTest : public testing::Test {
 protected:
  PurchaseEventsTest() {
    orders_.open_lease = LeaseId{4};
    events_.add_routes(server_.router);
    server_.server->start();
  }

  std::string cookie(UserId buyer) {
    return "Cookie: sign=" + sessions_.issue(buyer, 0, now_.wall) + "\r\n";
  }
  /// kTarget for a purchase of that buyer's.
  std::string target_of(UserId buyer) const {
    const SentPurchases sent(ring_.ring());
    return kTarget +
           ("&sent=" + sent.prove(buyer, SaleId{3}, *IdempotencyKey::parse(kKey), LeaseId{4}));
  }
  RawConnection follow(UserId buyer, const std::string& target) {
    RawConnection connection(server_.port());
    connection.send(get(target, cookie(buyer)));
    return connection;
  }
  RawConnection follow(UserId buyer) { return follow(buyer, target_of(buyer)); }
  void add(UserId buyer, FailureReason failure = FailureReason::kNone) {
    const bool active = failure == FailureReason::kNone;
    const Order order{.number = OrderNumber{7},
                      .sale = SaleId{3},
                      .buyer = buyer,
                      .intent = *IdempotencyKey::parse(kKey),
                      .slot = 1,
                      .lease = LeaseId{4},
                      .status = active ? OrderStatus::kSuccess : OrderStatus::kFailed,
                      .reason = failure,
                      .seq = 7,
                      .created_at = now_.wall};
    orders_.lines.push_back({order, ProductId{7}, "Lamp", 1999});
  }

  Now now_{*parse_rfc3339("2026-11-22T08:24:00Z"), Tick{}};
  test::TestRing ring_;
  services::accounts::Sessions sessions_{ring_.ring()};
  test_support::FakeOrders orders_;
  test_support::FakeOrderEvents order_events_;
  services::orders::BuyerOrders buyer_orders_{orders_, order_events_};
  PurchaseEvents events_{
      {buyer_orders_, sessions_, ring_.ring()},
      [this] { return now_; },
      {.in_all = 4, .per_buyer = 2, .per_address = 3, .oldest = std::chrono::seconds{600}}};
  http::testing::TestServer server_;
};

TEST_F(PurchaseEventsTest, FollowsAPurchaseUntilItsOutcome) {
  auto buyer = follow(UserId{1});
  const std::string head = buyer.until("\r\n\r\n");
  EXPECT_EQ(status_of(head), 200);
  EXPECT_THAT(head, HasSubstr("Content-Type: text/event-stream\r\n"));
  EXPECT_THAT(head, HasSubstr("Cache-Control: no-store\r\n"));
  EXPECT_THAT(head, HasSubstr("X-Accel-Buffering: no\r\n"));
  EXPECT_THAT(buyer.until("\n\n"), ContainsRegex("retry: [12][0-9]{3}\n\n$"));
  events_.send_outcomes();
  EXPECT_EQ(events_.open_streams(), 1U);

  add(UserId{1});
  events_.send_outcomes();
  EXPECT_THAT(buyer.until("0\r\n\r\n"),
              HasSubstr("\nevent: outcome\ndata: {\"result\":\"success\",\"order\":7}\n\n"));
  EXPECT_TRUE(buyer.closed());
  events_.send_outcomes();
  EXPECT_EQ(events_.open_streams(), 0U);
}

TEST_F(PurchaseEventsTest, SaysWhyAPurchaseFailed) {
  add(UserId{1}, FailureReason::kTooLate);
  auto buyer = follow(UserId{1});
  buyer.until("\n\n");
  events_.send_outcomes();
  EXPECT_THAT(buyer.until("0\r\n\r\n"),
              HasSubstr("data: {\"result\":\"failed\",\"reason\":\"too-late\"}\n\n"));
}

TEST_F(PurchaseEventsTest, APurchaseThatIsGoneIsUnknown) {
  orders_.open_lease = {};
  auto buyer = follow(UserId{2});
  buyer.until("\n\n");
  events_.send_outcomes();
  EXPECT_THAT(buyer.until("0\r\n\r\n"),
              HasSubstr("event: outcome\ndata: {\"result\":\"unknown\"}\n\n"));
}

TEST_F(PurchaseEventsTest, APurchaseThatWasNeverSentHasNoStream) {
  add(UserId{1});
  const std::string others = target_of(UserId{1});
  const std::string proof = others.substr(others.find("sent="));
  const std::string own = target_of(UserId{2});
  for (const std::string& target :
       {std::string(kTarget), std::string(kTarget) + "&sent=made-up", others,
        "/purchases/3/fedcba9876543210/events?lease=4&" + proof,
        "/purchases/4/0123456789abcdef/events?lease=4&" + own.substr(own.find("sent=")),
        "/purchases/3/0123456789abcdef/events?lease=5&" + own.substr(own.find("sent=")),
        "/purchases/3/0123456789abcdef/events?" + own.substr(own.find("sent=")),
        "/purchases/x/0123456789abcdef/events?" + proof, "/purchases/3/short/events?" + proof}) {
    const std::string refused = follow(UserId{2}, target).response();
    EXPECT_EQ(status_of(refused), 404) << target;
    EXPECT_THAT(refused, HasSubstr("unknown-purchase"));
  }
  EXPECT_EQ(events_.open_streams(), 0U);
  EXPECT_THAT(follow(UserId{2}).until("\n\n"), StartsWith("HTTP/1.1 200"));
}

TEST_F(PurchaseEventsTest, AStreamEndsAtItsGreatestAge) {
  auto buyer = follow(UserId{1});
  buyer.until("\n\n");
  now_.tick += std::chrono::seconds{600} - std::chrono::microseconds{1};
  events_.send_outcomes();
  EXPECT_EQ(events_.open_streams(), 1U);
  now_.tick += std::chrono::microseconds{1};
  events_.send_outcomes();
  EXPECT_THAT(buyer.until("0\r\n\r\n"), Not(HasSubstr("outcome")));
  EXPECT_TRUE(buyer.closed());
  EXPECT_TRUE(eventually([&] {
    events_.send_outcomes();
    return events_.open_streams() == 0;
  }));
}

TEST_F(PurchaseEventsTest, NeedsASessionAndALeaseThatIsANumber) {
  RawConnection nobody(server_.port());
  const std::string refused = nobody.ask(get(kTarget, "Cookie: uid=1; sign=forged\r\n"));
  EXPECT_EQ(status_of(refused), 401);
  EXPECT_THAT(refused, HasSubstr("login-required"));
  const std::string bad =
      follow(UserId{1}, "/purchases/3/0123456789abcdef/events?lease=four").response();
  EXPECT_EQ(status_of(bad), 400);
  EXPECT_THAT(bad, HasSubstr("lease"));
  EXPECT_EQ(events_.open_streams(), 0U);
}

TEST_F(PurchaseEventsTest, SaysNowAndThenThatItIsStillThere) {
  auto buyer = follow(UserId{1});
  buyer.until("\n\n");  // the end of the head and of the first line
  buyer.until("\r\n");
  now_.tick += EventStream::kKeepAlive - std::chrono::microseconds{1};
  events_.send_outcomes();
  now_.tick += std::chrono::microseconds{1};
  orders_.broken = true;  // nor does a database that is away make it look dead
  EXPECT_THROW(events_.send_outcomes(), std::runtime_error);
  EXPECT_EQ(buyer.until("alive\n\n\r\n"), "e\r\n: keep-alive\n\n\r\n");
  orders_.broken = false;
  add(UserId{1});
  events_.send_outcomes();
  EXPECT_THAT(buyer.until("0\r\n\r\n"), HasSubstr("success"));
}

TEST_F(PurchaseEventsTest, PlacesAreLimitedForEachBuyerAndAddress) {
  std::vector<RawConnection> open;
  const auto refusal = [this](UserId buyer) {
    const std::string response = follow(buyer).response();
    EXPECT_THAT(response, HasSubstr("Retry-After: 1\r\n"));
    return status_of(response);
  };
  for (int i = 0; i < 2; ++i) {
    open.push_back(follow(UserId{1}));
    open.back().until("\n\n");
  }
  EXPECT_EQ(refusal(UserId{1}), 503);
  open.push_back(follow(UserId{2}));
  open.back().until("\n\n");
  EXPECT_EQ(refusal(UserId{2}), 503) << "the third of this address was the last";

  open.clear();           // the peers go
  orders_.broken = true;  // their places come back even while the database is away
  EXPECT_TRUE(eventually([&] {
    try {
      events_.send_outcomes();
    } catch (const std::runtime_error&) {
    }
    return events_.open_streams() == 0;
  }));
  EXPECT_THAT(follow(UserId{1}).until("\n\n"), StartsWith("HTTP/1.1 200"));
}

TEST_F(PurchaseEventsTest, HeadTakesNoPlaceForLong) {
  RawConnection asking(server_.port());
  asking.send("HEAD " + target_of(UserId{1}) + " HTTP/1.1\r\nHost: a\r\n" + cookie(UserId{1}) +
              "\r\n");
  EXPECT_THAT(asking.until("\r\n\r\n"), HasSubstr("text/event-stream"));
  EXPECT_TRUE(asking.closed());
  EXPECT_TRUE(eventually([&] {
    events_.send_outcomes();
    return events_.open_streams() == 0;
  }));
}

}  // namespace
}  // namespace stampede::controllers
