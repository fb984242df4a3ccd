// A shop with many orders: it is ready at once, sells at once, and loads them while it sells.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <string>

#include "tests/support/eventually.h"
#include "tests/support/many_orders.h"
#include "tests/support/servers/child.h"
#include "tests/support/shop.h"

namespace stampede::test_support {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

const std::int64_t kOrders = count_of_orders();

/// The running sale, without an end, has sold that many units: order N to buyer N.
void sell_many(Shop& shop) {
  shop.stop();
  const auto result = run_command(
      {"sqlite3", (shop.data() / "stampede.db").string(),
       fmt::format("BEGIN IMMEDIATE;"
                   "INSERT INTO orders ({1}) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + "
                   "1 FROM n "
                   "WHERE i < {0}) SELECT i, 1, i, printf('intent-%016d', i), 1, 1, 'success', '', "
                   "i, 1000 FROM n;"
                   "UPDATE queue_shards SET last_seq = {0};"
                   "UPDATE stock_leases SET sold = {0} WHERE id = 1;"
                   "UPDATE sales SET unleased = unleased - {0}; COMMIT",
                   kOrders, kOrderColumns)});
  if (result.exit != 0) throw std::runtime_error(result.err);
  const auto began = std::chrono::steady_clock::now();
  shop.start();
  const auto ready = std::chrono::steady_clock::now() - began;
  fmt::print("{} orders: ready in {} ms\n", kOrders,
             std::chrono::duration_cast<std::chrono::milliseconds>(ready).count());
}

TEST(LargeShop, SellsAtOnceAndForgetsNobody) {
  Shop shop;
  const ProductId lamp = shop.open_sale({.quantity = kOrders + 10});
  Buyer first = shop.buyer(1);
  Buyer second = shop.buyer(2);
  shop.mint(3, 5);
  sell_many(shop);
  EXPECT_THAT(shop.server().log(), Not(HasSubstr("orders known")))
      << "ready only once everything was loaded";

  // Whatever is loaded by now: an order stays that order, and nobody gets a second one.
  const CheckAnswer again = first.buy(lamp, key_of(1));
  EXPECT_THAT(again.status, testing::AnyOf(200, 201)) << again.response.body;
  EXPECT_EQ(again.order, 1);
  Buyer newest = shop.buyer(kOrders);
  const CheckAnswer more = newest.buy(lamp, fresh_key());
  EXPECT_THAT(more.status, testing::AnyOf(409, 503)) << more.response.body;
  const CheckAnswer fresh = shop.buyer(kOrders + 1).buy(lamp, fresh_key());
  EXPECT_EQ(fresh.status, 201) << fresh.response.body;

  shop.await_orders_known();
  Buyer console(shop.server().console_port());
  EXPECT_THAT(console.get("/metrics").body,
              HasSubstr(fmt::format("stampede_loaded_orders {}\n", kOrders)));
  EXPECT_THAT(shop.server().log(), HasSubstr(fmt::format("orders known orders={}", kOrders)));
  const CheckAnswer known = second.buy(lamp, key_of(2));
  EXPECT_EQ(known.status, 200);
  EXPECT_EQ(known.order, 2);
  EXPECT_EQ(newest.buy(lamp, key_of(kOrders)).order, kOrders);
  const CheckAnswer limited = second.buy(lamp, fresh_key());
  EXPECT_EQ(limited.status, 409);
  EXPECT_EQ(limited.result, "limit-reached");
  EXPECT_EQ(shop.audited_orders(), kOrders + 1);

  // By processor time, and the least of some starts: the machine may be busy.
  auto work = std::chrono::milliseconds::max();
  for (int i = 0; i < 5 && work >= std::chrono::seconds{1}; ++i) {
    shop.stop();
    shop.start();
    work = std::min(work, shop.server().start_work());
  }
  EXPECT_LT(work, std::chrono::seconds{1});
}

}  // namespace
}  // namespace stampede::test_support
