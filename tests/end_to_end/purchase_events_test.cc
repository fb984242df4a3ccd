// A purchase whose outcome is not known yet, followed by its event stream.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <chrono>
#include <optional>
#include <string>

#include "tests/support/database_lock.h"
#include "tests/support/pending.h"
#include "tests/support/raw_connection.h"
#include "tests/support/shop.h"

namespace stampede::test_support {
namespace {

using namespace std::chrono_literals;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

RawConnection follow(const Shop& shop, const Buyer& buyer, const std::string& target) {
  RawConnection connection(shop.port());
  connection.send(fmt::format("GET {} HTTP/1.1\r\nHost: shop\r\nCookie: sign={}\r\n\r\n", target,
                              buyer.sign()));
  return connection;
}

/// "/purchases/1/KEY?lease=1" → "/purchases/1/KEY/events?lease=1"
std::string events_of(std::string location) {
  return location.insert(location.find('?'), "/events");
}

TEST(PurchaseEvents, EndWithTheOutcomeOfAPendingPurchase) {
  Shop shop;
  const ProductId lamp = shop.open_sale();
  Buyer buyer = shop.buyer(1);
  const std::string key = fresh_key();
  std::string location;
  std::optional<RawConnection> stream;
  {
    const DatabaseLock lock(shop);
    const CheckAnswer pending = buyer.buy(lamp, key);
    ASSERT_EQ(pending.status, 202) << pending.response.body;
    location = pending.response.header("Location");
    EXPECT_EQ(buyer.get(location, "application/json").body, R"({"result":"pending"})");
    EXPECT_THAT(buyer.get(location).body, HasSubstr("id=\"pending\""));
    stream.emplace(follow(shop, buyer, events_of(location)));
    const auto head = stream->read_until("\n\n");
    EXPECT_THAT(head.value_or("nothing"), StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(head.value_or("nothing"), HasSubstr("Content-Type: text/event-stream\r\n"));
  }
  const auto rest = stream->read_to_end();
  ASSERT_TRUE(rest) << "the stream never ended";
  const std::string outcome = buyer.get(location, "application/json").body;
  EXPECT_THAT(outcome, HasSubstr("success"));
  EXPECT_THAT(*rest, HasSubstr("event: outcome\ndata: " + outcome + "\n\n"));
  EXPECT_THAT(*rest, EndsWith("\r\n0\r\n\r\n"));

  const CheckAnswer again = buyer.buy(lamp, key);
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.order, boost::json::parse(outcome).at("order").as_int64());

  // A client that comes later is told the same.
  EXPECT_THAT(follow(shop, buyer, events_of(location)).read_to_end().value_or("nothing"),
              HasSubstr("data: " + outcome + "\n\n"));
  EXPECT_EQ(shop.audited_orders(), 1);
}

TEST(PurchaseEvents, EndCleanlyWhenTheServerStops) {
  Shop shop;
  shop.open_sale();
  const Buyer buyer = shop.buyer(1);
  const std::string key = fresh_key();
  RawConnection stream = follow(shop, buyer, events_of(pending_address(shop, buyer.id(), key)));
  ASSERT_THAT(stream.read_until("\n\n").value_or("nothing"), StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(shop.stop(), 0);
  EXPECT_THAT(stream.read_to_end().value_or("nothing"), EndsWith("0\r\n\r\n"));
}

}  // namespace
}  // namespace stampede::test_support
