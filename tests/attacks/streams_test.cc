// Event streams that somebody opens in order to hold them.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "tests/attacks/flood.h"
#include "tests/attacks/honest.h"
#include "tests/support/database_lock.h"
#include "tests/support/eventually.h"
#include "tests/support/pending.h"
#include "tests/support/raw_connection.h"

namespace stampede::test_support {
namespace {

using testing::HasSubstr;

constexpr int kHonest = 200;
constexpr std::int64_t kStock = 2 * kHonest + 1;  // one follows its purchase

/// "/purchases/1/KEY?lease=1" → "/purchases/1/KEY/events?lease=1"
std::string events_of(std::string location) {
  return location.insert(location.find('?'), "/events");
}

std::string follow_request(const std::string& sign, const std::string& location) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: shop\r\nCookie: sign={}\r\n\r\n",
                     events_of(location), sign);
}

RawConnection follow(const Shop& shop, const std::string& sign, const std::string& location,
                     const char* from) {
  RawConnection connection(shop.port(), from);
  connection.send(follow_request(sign, location));
  return connection;
}

bool is_open(RawConnection& stream) {
  return stream.read_until("\r\n\r\n").value_or("").starts_with("HTTP/1.1 200");
}

std::string open_streams(Shop& shop) {
  const auto metrics = Buyer(shop.server().console_port()).get("/metrics").body;
  const std::string name = "\nstampede_purchase_streams ";
  const auto at = metrics.find(name) + name.size();
  return metrics.substr(at, metrics.find('\n', at) - at);
}

/// A buyer whose purchase is pending follows it to its end, from an address of its own.
void expect_told(Shop& shop, ProductId lamp, std::int64_t id, Answers& answers) {
  Buyer honest = shop.buyer(id);
  const std::string key = fresh_key();
  std::optional<RawConnection> stream;
  {
    const DatabaseLock lock(shop);
    const CheckAnswer pending = honest.buy(lamp, key);
    answers.add(honest.id(), lamp, key, pending);
    ASSERT_EQ(pending.status, 202) << pending.response.body;
    stream.emplace(
        follow(shop, honest.sign(), std::string(pending.response.header("Location")), "127.4.0.1"));
    EXPECT_TRUE(is_open(*stream)) << "there is a place";
  }
  EXPECT_THAT(stream->read_to_end().value_or("nothing"), HasSubstr(R"("result":"success")"));
  answers.add(honest.id(), lamp, key, honest.order(lamp, key));
}

TEST(Streams, APurchaseThatWasNeverSentHoldsNone) {
  constexpr std::int64_t kMore = 2 * kBlocks * kHonest + 1;  // one follows its purchase
  Shop shop;
  const ProductId lamp = shop.open_sale({.quantity = kMore});
  HonestBuyers buyers(shop, lamp, kMore);
  buyers.prepare(kMore - 1);
  const auto accounts = shop.mint(1, 40);
  std::atomic<std::size_t> next = 0;
  const auto flood = [&] {
    return flood_until(
        404, 400, {.port = shop.port(), .address = "127.3.0.1", .at_once = 1, .request = [&] {
                     return follow_request(accounts[next++ % accounts.size()].sign,
                                           fmt::format("/purchases/1/{}?lease=1", fresh_key()));
                   }});
  };
  expect_served_beside("streams of purchases never sent",
                       {{"purchases", [&] { return buyers.buy(kHonest); }}}, flood);
  const auto once_more = flood();
  EXPECT_EQ(open_streams(shop), "0");
  expect_told(shop, lamp, 99, buyers.answers());
  once_more->stop();
  EXPECT_EQ(once_more->answers(200), 0);
  buyers.expect_all_sold_once();
}

TEST(Streams, OneAddressHoldsAnEighthOfThePlaces) {
  Shop shop;
  const ProductId lamp = shop.open_sale({.quantity = kStock});
  HonestBuyers buyers(shop, lamp, kStock);
  const Honest calm = buyers.buy(kHonest);
  const auto accounts = shop.mint(1, 70);
  std::vector<RawConnection> held;
  int refused = 0;
  for (int i = 0; i < 560; ++i) {
    const MintedBuyer& account = accounts[static_cast<std::size_t>(i) % accounts.size()];
    auto stream =
        follow(shop, account.sign, pending_address(shop, account.id, fresh_key()), "127.3.0.1");
    if (is_open(stream)) {
      held.push_back(std::move(stream));
    } else {
      ++refused;
    }
  }
  EXPECT_EQ(held.size(), 512U);
  EXPECT_EQ(refused, 560 - 512);
  expect_served("512 streams of one address", "purchases", calm, buyers.buy(kHonest));
  expect_told(shop, lamp, 99, buyers.answers());
  held.clear();
  EXPECT_TRUE(eventually(kPatience, [&] { return open_streams(shop) == "0"; }));
  buyers.expect_all_sold_once();
}

}  // namespace
}  // namespace stampede::test_support
