// A purchase that the database refuses: it goes into quarantine, and its buyer hears of it.
#include <gmock/gmock.h>

#include <chrono>
#include <stdexcept>

#include "tests/support/database_lock.h"
#include "tests/support/eventually.h"
#include "tests/support/servers/child.h"
#include "tests/support/shop.h"

namespace stampede::test_support {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

/// From now on the database refuses every order of buyer 1.
void refuse_first_buyer(const Shop& shop) {
  const auto result =
      run_command({"sqlite3", "-cmd", ".timeout 60000", (shop.data() / "stampede.db").string(),
                   "CREATE TRIGGER refuse BEFORE INSERT ON orders WHEN NEW.buyer = 1 "
                   "BEGIN SELECT RAISE(ABORT, 'refused by the test'); END"});
  if (result.exit != 0) throw std::runtime_error(result.err);
}

std::string metrics(Shop& shop) { return Buyer(shop.server().console_port()).get("/metrics").body; }

TEST(Quarantine, ABuyerThatWaitsIsToldThatNothingWasTaken) {
  Shop shop;
  const ProductId lamp = shop.open_sale();
  refuse_first_buyer(shop);
  Buyer refused = shop.buyer(1);
  const std::string key = fresh_key();
  CheckAnswer answer;
  EXPECT_TRUE(eventually(kPatience, [&] {
    answer = refused.buy(lamp, key);
    return answer.status != 202;
  }));
  EXPECT_EQ(answer.status, 503) << answer.response.body;
  EXPECT_THAT(metrics(shop), HasSubstr("stampede_pending_purchases 0\n"));
  EXPECT_EQ(refused.buy(lamp, key).status, 503) << "the key was forgotten: it is tried again";

  EXPECT_EQ(shop.buyer(2).order(lamp, fresh_key()).result, "sold");
  EXPECT_EQ(shop.audited_orders(), 1);
  EXPECT_EQ(shop.stop(), 0);
}

TEST(Quarantine, ABuyerThatWasToldPendingHearsThatNothingIsKnown) {
  Shop shop;
  const ProductId lamp = shop.open_sale({.quantity = 2});
  refuse_first_buyer(shop);
  Buyer refused = shop.buyer(1);
  std::string location;
  {
    const DatabaseLock lock(shop);
    const CheckAnswer pending = refused.buy(lamp, fresh_key());
    ASSERT_EQ(pending.status, 202) << pending.response.body;
    location = pending.response.header("Location");
  }
  // Its lease has units left and would stay open for as long as the sale: it is closed for that.
  EXPECT_TRUE(eventually(kPatience, [&] {
    return refused.get(location, "application/json").status == 404;
  })) << refused.get(location, "application/json").body;
  EXPECT_THAT(metrics(shop), HasSubstr("stampede_pending_purchases 0\n"));

  // Its unit is in the sale again: both are sold.
  for (const std::int64_t id : {2, 3}) {
    Buyer buyer = shop.buyer(id);
    const std::string key = fresh_key();
    EXPECT_EQ(buyer.order(lamp, key).result, "sold");
    EXPECT_EQ(buyer.buy(lamp, key).status, 200);
  }
  EXPECT_TRUE(shop.await_status(lamp, "sold_out"));
  EXPECT_EQ(shop.audited_orders(), 2);
  EXPECT_EQ(shop.stop(), 0);
}

}  // namespace
}  // namespace stampede::test_support
