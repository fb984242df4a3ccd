// Orders that are held for their payment, on the running server: paid, expired and sold again, paid
// too late and refunded. Nobody waits for a hold of a minute: the database is told that its time to
// pay is over.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/support/eventually.h"
#include "tests/support/servers/child.h"
#include "tests/support/shop.h"

namespace stampede::test_support {
namespace {

using testing::HasSubstr;

class Holds : public testing::Test {
 protected:
  std::string status_of(const Buyer& of, std::int64_t order) {
    Buyer asking(shop_.port(), of.id(), of.sign());
    const auto response = asking.get(fmt::format("/orders/{}", order), "application/json");
    const auto json = boost::json::parse(response.body);
    return std::string(json.at("status").as_string());
  }
  bool becomes(const Buyer& of, std::int64_t order, const std::string& status) {
    return eventually(kPatience, [&] { return status_of(of, order) == status; });
  }
  /// As if its time to pay, and the grace behind it, had been over for long.
  void let_time_pass(std::int64_t order) {
    const auto changed = run_command(
        {"sqlite3", (shop_.data() / "stampede.db").string(), ".timeout 60000",
         fmt::format("UPDATE orders SET pay_by = pay_by - 3600000 WHERE number = {}", order)});
    ASSERT_EQ(changed.exit, 0) << changed.err;
  }
  std::string pay(std::int64_t order, const std::string& reference) {
    return shop_.run({"order", "pay", std::to_string(order), "--reference", reference});
  }

  Shop shop_;
  const ProductId lamp_ = shop_.open_sale({.quantity = 1, .hold_seconds = 600});
};

TEST_F(Holds, AUnitIsHeldAndPaidAndKeptForGood) {
  Buyer buyer = shop_.buyer(1);
  const std::string key = fresh_key();
  const CheckAnswer held = buyer.order(lamp_, key);
  ASSERT_EQ(held.result, "held") << held.response.body;
  EXPECT_THAT(held.response.body, HasSubstr(fmt::format("\"pay\":\"/orders/{}/pay\"", held.order)));
  const CheckAnswer again = buyer.buy(lamp_, key);
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.result, "held");
  EXPECT_EQ(again.order, held.order);
  EXPECT_EQ(status_of(buyer, held.order), "held");
  EXPECT_EQ(pay(held.order, "demo:1"), "kept\n");
  EXPECT_EQ(status_of(buyer, held.order), "paid");
  EXPECT_TRUE(eventually(kPatience, [&] { return buyer.buy(lamp_, key).result == "sold"; }));
  let_time_pass(held.order);
  shop_.kill();
  shop_.start();
  EXPECT_EQ(pay(held.order, "demo:1"), "kept\n") << "told again";
  EXPECT_EQ(pay(held.order, "demo:2"), "refund_due\n") << "paid twice";
  EXPECT_EQ(status_of(buyer, held.order), "paid");
  EXPECT_EQ(shop_.audited_orders(), 1);
}

TEST_F(Holds, AUnitThatIsNotPaidIsSoldAgainAndALatePaymentGoesBack) {
  Buyer first = shop_.buyer(1);
  const std::string key = fresh_key();
  const CheckAnswer held = first.order(lamp_, key);
  ASSERT_EQ(held.result, "held") << held.response.body;
  ASSERT_TRUE(shop_.await_status(lamp_, "sold_out"));
  let_time_pass(held.order);
  ASSERT_TRUE(becomes(first, held.order, "expired"));
  ASSERT_TRUE(shop_.await_status(lamp_, "on"));
  EXPECT_TRUE(eventually(kPatience, [&] {
    const CheckAnswer told = first.buy(lamp_, key);
    return told.result == "purchase-failed" &&
           told.response.body.find("\"expired\"") != std::string::npos;
  }));
  const CheckAnswer refused = first.buy(lamp_, fresh_key());
  EXPECT_EQ(refused.result, "limit-reached") << "it counts for the rest of the sale";
  EXPECT_THAT(refused.response.body, HasSubstr(fmt::format("\"expired\":[{}]", held.order)));
  Buyer second = shop_.buyer(2);
  const CheckAnswer sold = second.order(lamp_, fresh_key());
  ASSERT_EQ(sold.result, "held") << sold.response.body;
  EXPECT_EQ(pay(held.order, "demo:1"), "refund_due\n");
  shop_.run({"order", "refund", "--reference", "demo:1"});
  EXPECT_EQ(pay(sold.order, "demo:2"), "kept\n");
  EXPECT_EQ(status_of(first, held.order), "expired");
  EXPECT_EQ(status_of(second, sold.order), "paid");
  EXPECT_EQ(shop_.audited_orders(), 1);
}

/// Whatever was held when the server died is still held, and what ran out meanwhile expires.
TEST_F(Holds, SurviveTheServer) {
  Buyer buyer = shop_.buyer(1);
  const std::string key = fresh_key();
  const CheckAnswer held = buyer.order(lamp_, key);
  ASSERT_EQ(held.result, "held") << held.response.body;
  shop_.kill();
  shop_.start();
  shop_.await_orders_known();
  EXPECT_EQ(Buyer(shop_.port(), buyer.id(), buyer.sign()).buy(lamp_, key).result, "held");
  ASSERT_EQ(shop_.stop(), 0);
  let_time_pass(held.order);
  shop_.start();
  EXPECT_TRUE(becomes(buyer, held.order, "expired"));
  EXPECT_EQ(shop_.audited_orders(), 0);
}

}  // namespace
}  // namespace stampede::test_support
