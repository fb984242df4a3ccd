// Purchases over real HTTP against the real binary: every answer of /check.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <chrono>
#include <future>

#include "model/time.h"
#include "tests/support/eventually.h"
#include "tests/support/shop.h"

namespace stampede::test_support {
namespace {

using namespace std::chrono_literals;

/// Attempts of one buyer may follow each other at once.
Environment no_interval() { return {{"STAMPEDE_ADMISSION_INTERVAL_SECONDS", "0"}}; }

std::string rfc3339_from_now(std::chrono::milliseconds offset) {
  return format_rfc3339(read_clocks().wall + offset);
}

// NOLINTNEXTLINE(readability-identifier-naming): matchers are named like GoogleMock's
MATCHER_P2(Answers, status, result, fmt::format("answers {} {}", status, result)) {
  *result_listener << fmt::format("{} {}: {}", arg.status, arg.result, arg.response.body);
  return arg.status == status && arg.result == result;
}

boost::json::object body_of(const CheckAnswer& answer) {
  return boost::json::parse(answer.response.body).as_object();
}

TEST(Purchase, FromRegistrationToTheOrder) {
  Shop shop;
  const ProductId lamp = shop.open_sale();
  {
    Buyer newcomer(shop.port());
    EXPECT_EQ(newcomer.register_as("ada", "correct horse battery").status, 303);
  }
  Buyer ada(shop.port());
  ASSERT_EQ(ada.log_in("ada", "correct horse battery").status, 303);
  const CheckAnswer answer = ada.buy(lamp, fresh_key());
  ASSERT_THAT(answer, Answers(201, "sold"));
  EXPECT_GT(answer.order, 0);

  const auto order = ada.get(fmt::format("/orders/{}", answer.order), "application/json");
  EXPECT_EQ(order.status, 200);
  EXPECT_EQ(boost::json::parse(order.body).at("order").as_int64(), answer.order);
  EXPECT_THAT(ada.get("/orders").body, testing::HasSubstr(std::to_string(answer.order)));
  Buyer other = shop.buyer(50);
  EXPECT_EQ(other.get(fmt::format("/orders/{}", answer.order), "application/json").status, 404);
  EXPECT_EQ(shop.audited_orders(), 1);
}

TEST(Purchase, AKeyOfASaleThatIsOverBuysNothingInTheNext) {
  Shop shop(no_interval());
  const ProductId lamp = shop.open_sale();
  Buyer ada = shop.buyer(1);
  Buyer bob = shop.buyer(2);
  const auto buy_in = [&](Buyer& buyer, std::int64_t sale, const std::string& key) {
    const auto response =
        buyer.send({.method = "POST",
                    .target = fmt::format("/check?productID={}&sale={}", lamp.value, sale),
                    .headers = {{"Idempotency-Key", key}},
                    .body = {}});
    return fmt::format("{} {}", response.status, response.body);
  };
  const std::string key = fresh_key();
  const CheckAnswer first = ada.buy(lamp, key);
  ASSERT_THAT(first, Answers(201, "sold"));
  shop.run({"sale", "end", "1"});
  ASSERT_TRUE(shop.await_status(lamp, "ended"));
  const SaleId next = shop.create_sale({.product = lamp});
  ASSERT_TRUE(shop.await_status(lamp, "on"));

  const std::string known = fmt::format(R"(200 {{"result":"sold","order":{}}})", first.order);
  for (const std::int64_t sale : {std::int64_t{1}, next.value}) {
    EXPECT_EQ(buy_in(ada, sale, key), known) << sale;
  }
  EXPECT_THAT(ada.buy(lamp, key), Answers(200, "sold"));
  const std::string unknown = fresh_key();
  std::string answer;
  EXPECT_TRUE(eventually(kPatience, [&] {
    answer = buy_in(bob, 1, unknown);
    return answer.starts_with("410");
  })) << answer;
  EXPECT_EQ(shop.audited_orders(), 1) << "of the next sale nothing was sold";
  EXPECT_THAT(buy_in(bob, next.value, unknown), testing::StartsWith("201"));
  EXPECT_THAT(buy_in(bob, 99, fresh_key()), testing::HasSubstr("unknown-sale"));
  EXPECT_THAT(buy_in(bob, 0, fresh_key()), testing::HasSubstr("bad-number"));
  EXPECT_EQ(shop.audited_orders(), 2);
}

TEST(Purchase, TheSameKeyAgainIsTheSameOrder) {
  Shop shop;
  const ProductId lamp = shop.open_sale();
  const std::string key = fresh_key();
  Buyer buyer = shop.buyer(1);
  const CheckAnswer first = buyer.buy(lamp, key);
  ASSERT_THAT(first, Answers(201, "sold"));

  EXPECT_THAT(buyer.buy(lamp, key), Answers(200, "sold"));
  EXPECT_EQ(buyer.buy(lamp, key).order, first.order);

  shop.kill();
  shop.start();
  shop.await_orders_known();
  const CheckAnswer after_kill = buyer.buy(lamp, key);
  EXPECT_THAT(after_kill, Answers(200, "sold"));
  EXPECT_EQ(after_kill.order, first.order);

  shop.run({"sale", "end", "1"});
  ASSERT_TRUE(shop.await_status(lamp, "ended"));
  EXPECT_THAT(shop.buyer(2).buy(lamp, fresh_key()), Answers(410, "sale-ended"));
  EXPECT_EQ(buyer.buy(lamp, key).order, first.order);

  EXPECT_EQ(shop.stop(), 0);
  shop.start();
  shop.await_orders_known();
  EXPECT_EQ(buyer.buy(lamp, key).order, first.order);
  EXPECT_EQ(shop.audited_orders(), 1);
}

TEST(Purchase, TheSameKeyInParallelIsOneOrder) {
  Shop shop;
  const ProductId lamp = shop.open_sale({.quantity = 1000, .limit = 5});
  for (std::int64_t id = 1; id <= 50; ++id) {
    Buyer left = shop.buyer(id);
    Buyer right(shop.port(), left.id(), left.sign());
    const std::string key = fresh_key();
    auto other = std::async(std::launch::async, [&] { return right.order(lamp, key); });
    const CheckAnswer one = left.order(lamp, key);
    const CheckAnswer two = other.get();
    EXPECT_THAT(one.result, "sold");
    EXPECT_THAT(two.result, "sold");
    EXPECT_EQ(one.order, two.order);
  }
  EXPECT_EQ(shop.audited_orders(), 50);
}

TEST(Purchase, KeysAreRequiredWellFormedAndOfOneProduct) {
  Shop shop(no_interval());
  const ProductId lamp = shop.open_sale();
  const ProductId chair = shop.open_sale();
  Buyer buyer = shop.buyer(1);
  for (const std::string& key :
       {std::string(), std::string(15, 'a'), std::string(65, 'a'), std::string("has a blank in it"),
        std::string("umlaut-\xc3\xa4-in-the-key"), std::string("semi;colon;in;it;;")}) {
    const CheckAnswer answer = buyer.buy(lamp, key);
    EXPECT_THAT(answer, Answers(400, "key-required")) << key;
    EXPECT_THAT(answer.response.body, testing::HasSubstr("Idempotency-Key"));
  }
  for (const std::size_t length : {16U, 64U}) {
    Buyer other = shop.buyer(static_cast<std::int64_t>(length));
    EXPECT_EQ(other.order(lamp, std::string(length, '-')).result, "sold");
  }
  const std::string key = fresh_key();
  ASSERT_THAT(buyer.buy(lamp, key), Answers(201, "sold"));
  EXPECT_THAT(buyer.buy(chair, key), Answers(422, "key-reused"));
  EXPECT_THAT(shop.buyer(2).buy(chair, key), Answers(201, "sold"));  // another buyer's key
}

TEST(Purchase, UnknownProducts) {
  Shop shop;
  shop.open_sale();
  Buyer buyer = shop.buyer(1);
  EXPECT_THAT(buyer.buy(ProductId{99}, fresh_key()), Answers(404, "unknown-product"));
  EXPECT_THAT(buyer.buy(shop.add_product("never on sale"), fresh_key()),
              Answers(404, "unknown-product"));
  for (const char* product : {"", "0", "-1", "x", "1x", "9223372036854775808", "1e3", "%31%00"}) {
    const auto response = buyer.send({.method = "POST",
                                      .target = fmt::format("/check?productID={}", product),
                                      .headers = {{"Idempotency-Key", fresh_key()}},
                                      .body = {}});
    EXPECT_TRUE(response.status == 404 || response.status == 400) << product << response.status;
  }
}

TEST(Purchase, BeforeTheStartAndAfterTheEnd) {
  Shop shop(no_interval());
  const std::string tomorrow = rfc3339_from_now(24h);
  const ProductId later = shop.open_sale({.starts = tomorrow});
  Buyer buyer = shop.buyer(1);
  const CheckAnswer early = buyer.buy(later, fresh_key());
  ASSERT_THAT(early, Answers(403, "not-started"));
  const auto starts_at = parse_rfc3339(std::string(body_of(early).at("starts_at").as_string()));
  EXPECT_EQ(starts_at, parse_rfc3339(tomorrow));

  const ProductId brief = shop.add_product("brief");
  const SaleId sale = shop.create_sale({.product = brief});
  ASSERT_TRUE(shop.await_status(brief, "on"));
  shop.run({"sale", "end", std::to_string(sale.value)});
  ASSERT_TRUE(shop.await_status(brief, "ended"));
  EXPECT_THAT(buyer.buy(brief, fresh_key()), Answers(410, "sale-ended"));
}

TEST(Purchase, SoldOutIsSaidOfTheLastUnitAndNotBefore) {
  Shop shop;
  const ProductId lamp = shop.open_sale({.quantity = 3});
  for (std::int64_t id = 1; id <= 3; ++id) {
    EXPECT_EQ(shop.buyer(id).order(lamp, fresh_key()).result, "sold");
  }
  // Until the last unit is settled the answer is 503, never a wrong "sold out".
  Buyer late = shop.buyer(4);
  EXPECT_THAT(late.order(lamp, fresh_key()), Answers(410, "sold-out"));
  EXPECT_TRUE(shop.await_status(lamp, "sold_out"));
  EXPECT_EQ(shop.audited_orders(), 3);
}

TEST(Purchase, LimitPerBuyerNamesTheOrdersHeld) {
  Shop shop(no_interval());
  const ProductId lamp = shop.open_sale({.limit = 2});
  Buyer buyer = shop.buyer(1);
  const std::int64_t first = buyer.order(lamp, fresh_key()).order;
  const std::int64_t second = buyer.order(lamp, fresh_key()).order;
  const CheckAnswer third = buyer.buy(lamp, fresh_key());
  ASSERT_THAT(third, Answers(409, "limit-reached"));
  std::vector<std::int64_t> held;
  const boost::json::object refusal = body_of(third);
  for (const auto& number : refusal.at("orders").as_array()) {
    held.push_back(number.as_int64());
  }
  EXPECT_THAT(held, testing::UnorderedElementsAre(first, second));

  shop.kill();
  shop.start();
  shop.await_orders_known();
  EXPECT_THAT(buyer.buy(lamp, fresh_key()), Answers(409, "limit-reached"));
}

TEST(Purchase, OneAttemptInTenSeconds) {
  Shop shop;
  const ProductId lamp = shop.open_sale({.limit = 2});
  Buyer buyer = shop.buyer(1);
  ASSERT_THAT(buyer.buy(lamp, fresh_key()), Answers(201, "sold"));
  const CheckAnswer again = buyer.buy(lamp, fresh_key());
  ASSERT_THAT(again, Answers(429, "too-soon"));
  const int wait = std::stoi(std::string(again.response.header("Retry-After")));
  EXPECT_GE(wait, 1);
  EXPECT_LE(wait, 10);
}

TEST(Purchase, TheBucketRefusesWithRetryAfter) {
  Shop shop(Environment{{"STAMPEDE_ADMISSION_CHECK_RATE", "0.01"},
                        {"STAMPEDE_ADMISSION_CHECK_BURST", "1"}});
  const ProductId lamp = shop.open_sale();
  ASSERT_THAT(shop.buyer(1).buy(lamp, fresh_key()), Answers(201, "sold"));
  const CheckAnswer busy = shop.buyer(2).buy(lamp, fresh_key());
  ASSERT_THAT(busy, Answers(429, "busy"));
  EXPECT_GE(std::stoi(std::string(busy.response.header("Retry-After"))), 1);
}

TEST(Purchase, CaptchaPassIsForOneIntentOfOneBuyer) {
  Shop shop(no_interval());
  const ProductId lamp = shop.open_sale({.limit = 5, .captcha = true});
  const ProductId chair = shop.open_sale({.limit = 5, .captcha = true});
  Buyer buyer = shop.buyer(1);
  Buyer other = shop.buyer(2);
  const std::string key = fresh_key();
  const std::string pass = shop.mint_pass(buyer.id(), lamp, key);
  ASSERT_FALSE(pass.empty());

  EXPECT_THAT(buyer.buy(lamp, key), Answers(403, "captcha-required"));
  EXPECT_THAT(buyer.buy(lamp, key, "guessed"), Answers(403, "captcha-required"));
  EXPECT_THAT(buyer.buy(lamp, key, buyer.sign()), Answers(403, "captcha-required"));
  EXPECT_THAT(other.buy(lamp, key, pass), Answers(403, "captcha-required"));
  EXPECT_THAT(buyer.buy(chair, key, pass), Answers(403, "captcha-required"));
  EXPECT_THAT(buyer.buy(lamp, fresh_key(), pass), Answers(403, "captcha-required"));
  EXPECT_EQ(shop.audited_orders(), 0);

  const CheckAnswer sold = buyer.buy(lamp, key, pass);
  ASSERT_THAT(sold, Answers(201, "sold"));
  EXPECT_EQ(buyer.buy(lamp, key, pass).order, sold.order);  // a replay repeats its own intent
  EXPECT_EQ(shop.audited_orders(), 1);
}

TEST(Purchase, APassSentManyTimesInParallelIsOneOrder) {
  Shop shop;
  const ProductId lamp = shop.open_sale({.captcha = true});
  const Buyer buyer = shop.buyer(1);
  const std::string key = fresh_key();
  const std::string pass = shop.mint_pass(buyer.id(), lamp, key);
  std::vector<std::future<CheckAnswer>> answers;
  for (int i = 0; i < 16; ++i) {
    answers.push_back(std::async(std::launch::async, [&] {
      return Buyer(shop.port(), buyer.id(), buyer.sign()).order(lamp, key, pass);
    }));
  }
  for (auto& answer : answers) EXPECT_EQ(answer.get().result, "sold");
  EXPECT_EQ(shop.audited_orders(), 1);
}

TEST(Purchase, ACaptchaIsAPictureForThisIntent) {
  Shop shop;
  const ProductId lamp = shop.open_sale({.captcha = true});
  const ProductId later = shop.open_sale({.captcha = true, .starts = rfc3339_from_now(1h)});
  Buyer buyer = shop.buyer(1);
  const std::string key = fresh_key();
  const auto picture =
      buyer.get(fmt::format("/captcha?productID={}&key={}", lamp.value, key), "image/png");
  ASSERT_EQ(picture.status, 200) << picture.body;
  EXPECT_EQ(picture.header("Content-Type"), "image/png");
  EXPECT_TRUE(picture.body.starts_with("\x89PNG"));
  const std::string challenge(picture.header("Captcha-Challenge"));
  EXPECT_FALSE(challenge.empty());
  EXPECT_THAT(buyer.buy(lamp, key, challenge), Answers(403, "captcha-required"));
  EXPECT_EQ(
      buyer.get(fmt::format("/captcha?productID={}&key={}", later.value, key), "image/png").status,
      403);
}

}  // namespace
}  // namespace stampede::test_support
