#include "controllers/shop/orders_controller.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <boost/json/parse.hpp>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "model/orders/order_event.h"
#include "tests/support/fakes/fake_order_events.h"
#include "tests/support/fakes/fake_orders.h"
#include "tests/support/test_ring.h"
#include "tests/support/visitor.h"

namespace stampede::controllers {
namespace {

using repositories::OrderLine;
using test_support::body_of;
using test_support::header_of;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kKey = "0123456789abcdef";
const test_support::Headers kJson = {{"Accept", "application/json"}};

class OrdersControllerTest : public testing::Test {
 protected:
  OrdersControllerTest() {
    controller_.add_routes(router_);
    paying_.add_routes(paying_router_);
    log_in(UserId{1});
  }

  void log_in(UserId user) { visitor_.cookies["sign"] = sessions_.issue(user, 0, now_.wall); }

  OrderLine& add(std::int64_t number, UserId buyer, FailureReason failure = FailureReason::kNone,
                 std::string_view key = kKey) {
    Order order{
        .number = OrderNumber{number},
        .sale = SaleId{3},
        .buyer = buyer,
        .intent = *IdempotencyKey::parse(key),
        .slot = 1,
        .lease = LeaseId{1},
        .status = failure == FailureReason::kNone ? OrderStatus::kSuccess : OrderStatus::kFailed,
        .reason = failure,
        .seq = number,
        .created_at = now_.wall};
    return orders_.lines.emplace_back(OrderLine{order, ProductId{7}, "Lamp", 1999});
  }

  /// An order of buyer 1 that waits for its payment for ten minutes.
  OrderLine& hold(std::int64_t number) {
    OrderLine& line = add(number, UserId{1});
    line.order.status = OrderStatus::kHeld;
    line.order.pay_by = now_.wall + std::chrono::minutes{10};
    payer_.cookies = visitor_.cookies;
    return line;
  }

  Now now_{*parse_rfc3339("2026-11-22T08:24:00Z"), Tick{}};
  test::TestRing ring_;
  services::accounts::Sessions sessions_{ring_.ring()};
  test_support::FakeOrders orders_;
  test_support::FakeOrderEvents events_;
  services::orders::BuyerOrders buyer_orders_{orders_, events_};
  concurrency::FairPool pool_{{.name = "reads", .threads = 1, .queue = {.in_all = 4}}};
  views::Pages pages_{[](std::string_view path) { return "/static/" + std::string(path); }};
  concurrency::SlowRefusals refusals_{std::chrono::milliseconds{0}};
  const OriginRule origin_{"https://shop.example"};
  OrdersController controller_{{buyer_orders_, pool_, refusals_, sessions_, pages_, origin_},
                               [this] { return now_; }};
  http::Router router_;
  test_support::Visitor visitor_{router_};

  // The same shop with a checkout.
  const OwnCheckout kCheckout{"https://pay.example/in", "0123456789abcdef0123456789abcdef"};
  OrdersController paying_{{buyer_orders_, pool_, refusals_, sessions_, pages_, origin_, kCheckout},
                           [this] { return now_; }};
  http::Router paying_router_;
  test_support::Visitor payer_{paying_router_};
};

TEST_F(OrdersControllerTest, ListsTheBuyersOwnNewestFirst) {
  add(10, UserId{1});
  add(11, UserId{2});
  add(12, UserId{1});
  const auto page = visitor_.get("/orders");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(header_of(page, "Cache-Control"), "no-store");
  const std::string html(body_of(page));
  EXPECT_LT(html.find("Order 12"), html.find("Order 10"));
  EXPECT_THAT(html, Not(HasSubstr("Order 11")));

  const auto json = visitor_.get("/orders", kJson);
  EXPECT_EQ(header_of(json, "Cache-Control"), "no-store");
  EXPECT_EQ(boost::json::parse(body_of(json)), boost::json::parse(R"({"orders": [
    {"order": 12, "sale": 3, "product": 7, "product_name": "Lamp", "price_cents": 1999,
     "status": "success", "created_at": "2026-11-22T08:24:00.000Z"},
    {"order": 10, "sale": 3, "product": 7, "product_name": "Lamp", "price_cents": 1999,
     "status": "success", "created_at": "2026-11-22T08:24:00.000Z"}]})"));
}

TEST_F(OrdersControllerTest, LongListsGoOnWhereThePageEnds) {
  for (std::int64_t number = 1; number <= 51; ++number) add(number, UserId{1});
  const auto first = boost::json::parse(body_of(visitor_.get("/orders", kJson)));
  EXPECT_EQ(first.at("orders").as_array().size(), OrdersController::kOrdersPerPage);
  EXPECT_EQ(first.at("older"), "/orders?before=2");
  const auto last = boost::json::parse(body_of(visitor_.get("/orders?before=2", kJson)));
  EXPECT_EQ(last.at("orders").as_array().size(), 1U);
  EXPECT_EQ(last.as_object().if_contains("older"), nullptr);
  for (const char* before : {"0", "-1", "x", "", "99999999999999999999"}) {
    const auto bad = visitor_.get(std::string("/orders?before=") + before, kJson);
    EXPECT_EQ(bad.status, 400) << before;
    EXPECT_THAT(std::string(body_of(bad)), HasSubstr("before"));
  }
}

TEST_F(OrdersControllerTest, AnothersOrderDoesNotExist) {
  add(10, UserId{2});
  const auto others = visitor_.get("/orders/10", kJson);
  const auto unknown = visitor_.get("/orders/11", kJson);
  EXPECT_EQ(others.status, 404);
  EXPECT_EQ(body_of(others), body_of(unknown));
  for (const char* number : {"0", "x", "-10", "010"}) {
    EXPECT_EQ(visitor_.get(std::string("/orders/") + number).status, 404) << number;
  }
  log_in(UserId{2});
  EXPECT_EQ(visitor_.get("/orders/10").status, 200);
  EXPECT_EQ(boost::json::parse(body_of(visitor_.get("/orders/10", kJson))).at("order"), 10);
}

TEST_F(OrdersControllerTest, WithoutASessionPagesLeadToLoginAndJsonIsRefused) {
  visitor_.cookies["uid"] = "1";  // trusted by nobody
  for (const char* sign : {"", "forged"}) {
    visitor_.cookies["sign"] = sign;
    for (const std::string target : {"/orders", "/orders/10", "/purchases/3/0123456789abcdef"}) {
      const auto page = visitor_.get(target);
      EXPECT_EQ(page.status, 303);
      EXPECT_EQ(header_of(page, "Location"), "/user/login?next=" + target);
      const auto json = visitor_.get(target, kJson);
      EXPECT_EQ(json.status, 401);
      EXPECT_THAT(std::string(body_of(json)), HasSubstr("#login-required\""));
    }
  }
}

TEST_F(OrdersControllerTest, ScriptInAProductNameIsTextInPagesAndJson) {
  add(10, UserId{1}).product_name = "<script>x</script>";
  for (const char* target : {"/orders", "/orders/10"}) {
    const std::string html(body_of(visitor_.get(target)));
    EXPECT_THAT(html, HasSubstr("&lt;script&gt;x&lt;/script&gt;"));
    EXPECT_THAT(html, Not(HasSubstr("<script>x")));
    const auto response = visitor_.get(target, kJson);
    EXPECT_THAT(std::string(body_of(response)), Not(HasSubstr("<")));
    EXPECT_THAT(std::string(body_of(response)), HasSubstr("\\u003cscript>x\\u003c/script>"));
  }
}

TEST_F(OrdersControllerTest, PurchaseIsToldFromOneSnapshot) {
  const std::string target = std::string("/purchases/3/") + kKey + "?lease=4";
  const auto result = [&] { return visitor_.get(target, kJson); };

  const auto unknown = result();
  EXPECT_EQ(unknown.status, 404);
  EXPECT_THAT(std::string(body_of(unknown)), HasSubstr("#unknown-purchase\""));

  orders_.open_lease = LeaseId{4};
  EXPECT_EQ(body_of(result()), R"({"result":"pending"})");
  EXPECT_EQ(header_of(result(), "Cache-Control"), "no-store");
  const auto waiting = visitor_.get(target);
  EXPECT_THAT(std::string(body_of(waiting)), HasSubstr("on its way"));

  add(20, UserId{1}, FailureReason::kNoUnit);
  EXPECT_EQ(body_of(result()), R"({"result":"failed","reason":"no-unit"})");
  EXPECT_THAT(std::string(body_of(visitor_.get(target))), HasSubstr("No unit was left"));

  orders_.lines.clear();
  add(21, UserId{1});
  EXPECT_EQ(body_of(result()), R"({"result":"success","order":21})");
  const auto page = visitor_.get(target);
  EXPECT_THAT(std::string(body_of(page)), HasSubstr("/orders/21"));

  log_in(UserId{2});
  orders_.open_lease = {};
  EXPECT_EQ(result().status, 404) << "another's purchase";
}

TEST_F(OrdersControllerTest, APurchaseThatIsHeldSaysByWhenAndWhereItIsPaid) {
  const std::string target = std::string("/purchases/3/") + kKey;
  Order& order = hold(21).order;
  EXPECT_EQ(body_of(visitor_.get(target, kJson)),
            R"({"result":"held","order":21,"pay_by":"2026-11-22T08:34:00.000Z",)"
            R"("pay":"/orders/21/pay"})");
  const std::string html(body_of(visitor_.get(target)));
  EXPECT_THAT(html, HasSubstr("Held for you: pay by <time datetime=\"2026-11-22T08:34:00.000Z\""));
  EXPECT_THAT(html, HasSubstr("href=\"/orders/21/pay\""));
  EXPECT_THAT(html, Not(HasSubstr("Sold")));

  order = with_status(order, OrderStatus::kPaid);
  EXPECT_EQ(body_of(visitor_.get(target, kJson)), R"({"result":"success","order":21})");
  order = with_status(order, OrderStatus::kExpired);
  EXPECT_EQ(body_of(visitor_.get(target, kJson)), R"({"result":"failed","reason":"expired"})");
}

/// A buyer pays for nothing in silence.
TEST_F(OrdersControllerTest, AnOrderSaysWhichPaymentsGoBack) {
  add(10, UserId{1});
  const auto paid = [](const char* reference, std::int64_t cents, PaymentState state,
                       const char* reason) {
    return Payment{.order = OrderNumber{10},
                   .reference = reference,
                   .amount_cents = cents,
                   .state = state,
                   .reason = reason};
  };
  events_.payments = {paid("demo:1", 1'999, PaymentState::kKept, ""),
                      paid("demo:2", 1'998, PaymentState::kRefundDue, "wrong-amount"),
                      paid("demo:3", 1'997, PaymentState::kRefunded, "paid-already"),
                      paid("demo:4", 1'996, PaymentState::kRefundDue, "cancelled")};
  const std::string html(body_of(visitor_.get("/orders/10")));
  EXPECT_THAT(html, HasSubstr("A payment of $19.98 did not pay this order. It goes back to you."));
  EXPECT_THAT(html,
              HasSubstr("A payment of $19.97 did not pay this order. It has gone back to you."));
  EXPECT_THAT(html, Not(HasSubstr("A payment of $19.99"))) << "that one paid it";
  EXPECT_THAT(html, Not(HasSubstr("$19.96"))) << "the order says so itself";
}

TEST_F(OrdersControllerTest, AHeldOrderIsPaidAtTheCheckoutThatTheShopHas) {
  hold(21);
  const std::string html(body_of(visitor_.get("/orders/21")));
  EXPECT_THAT(html, HasSubstr("data-pay-by=\"2026-11-22T08:34:00.000Z\""));
  EXPECT_THAT(html, HasSubstr("The shop will tell you how to pay."));
  EXPECT_THAT(html, Not(HasSubstr("href=\"/orders/21/pay\"")));
  EXPECT_EQ(header_of(visitor_.get("/orders/21/pay"), "Location"), "/orders/21");

  const std::string with(body_of(payer_.get("/orders/21")));
  EXPECT_THAT(with, HasSubstr("<a class=\"button\" href=\"/orders/21/pay\">Pay</a>"));
  EXPECT_THAT(with, Not(HasSubstr("will tell you")));
  for (const auto& headers : {test_support::Headers{}, kJson}) {
    const auto paying = payer_.get("/orders/21/pay", headers);
    EXPECT_EQ(paying.status, 303);
    EXPECT_EQ(header_of(paying, "Cache-Control"), "no-store");
    EXPECT_EQ(header_of(paying, "Location"),
              checkout_address(kCheckout, {.order = OrderNumber{21},
                                           .amount_cents = 1999,
                                           .pay_by = *parse_rfc3339("2026-11-22T08:34:00Z"),
                                           .return_url = "https://shop.example/orders/21"}));
  }
}

TEST_F(OrdersControllerTest, WhatIsNotToBePaidSaysWhy) {
  Order& order = hold(21).order;
  const Order held = order;
  const std::pair<OrderStatus, const char*> rows[] = {
      {OrderStatus::kPaid, "It is paid already"},  {OrderStatus::kSuccess, "Nothing is to be paid"},
      {OrderStatus::kExpired, "not paid in time"}, {OrderStatus::kCancelled, "has cancelled"},
      {OrderStatus::kRefundDue, "has cancelled"},  {OrderStatus::kRefunded, "has cancelled"},
  };
  for (const auto& [status, says] : rows) {
    order = with_status(held, status);
    const auto page = payer_.get("/orders/21/pay");
    EXPECT_EQ(page.status, 409);
    EXPECT_THAT(std::string(body_of(page)), HasSubstr(says)) << to_string(status);
    EXPECT_THAT(std::string(body_of(payer_.get("/orders/21/pay", kJson))),
                AllOf(HasSubstr("#not-held\""), HasSubstr(says)));
    EXPECT_THAT(std::string(body_of(payer_.get("/orders/21"))), Not(HasSubstr("/orders/21/pay")));
  }
  order = held;
  now_.wall = *held.pay_by;
  EXPECT_EQ(payer_.get("/orders/21/pay").status, 303) << "to the last moment";
  now_.wall += std::chrono::milliseconds{1};
  EXPECT_EQ(payer_.get("/orders/21/pay").status, 409);
  EXPECT_THAT(std::string(body_of(payer_.get("/orders/21"))), Not(HasSubstr("/orders/21/pay")));
  order.buyer = UserId{2};
  EXPECT_EQ(payer_.get("/orders/21/pay").status, 404) << "another's";
  EXPECT_EQ(payer_.get("/orders/x/pay").status, 404);
}

TEST_F(OrdersControllerTest, PurchaseRefusesWhatIsNoPurchase) {
  orders_.open_lease = LeaseId{4};
  for (const char* target :
       {"/purchases/x/0123456789abcdef?lease=4", "/purchases/3/short?lease=4",
        "/purchases/0/0123456789abcdef?lease=4", "/purchases/3/0123456789abcdef"}) {
    EXPECT_EQ(visitor_.get(target, kJson).status, 404) << target;
  }
  const auto bad = visitor_.get("/purchases/3/0123456789abcdef?lease=four", kJson);
  EXPECT_EQ(bad.status, 400);
  EXPECT_THAT(std::string(body_of(bad)), HasSubstr("lease"));
}

TEST_F(OrdersControllerTest, BrokenStorageIsUnavailableNotAnOutcome) {
  orders_.broken = true;
  for (const char* target : {"/orders", "/purchases/3/0123456789abcdef?lease=4"}) {
    const auto response = visitor_.get(target, kJson);
    EXPECT_EQ(response.status, 503) << target;
    EXPECT_EQ(header_of(response, "Retry-After"), "1");
    EXPECT_THAT(std::string(body_of(response)), Not(HasSubstr("disk gone")));
  }
}

/// A visitor whose request waits for the pool, with its answer to come.
class Waiter final : public http::Exchange {
 public:
  Waiter(http::Router& router, std::string cookie, std::string_view address)
      : cookie_("sign=" + std::move(cookie)) {
    request_ = {.method = http::Method::kGet, .target = "/orders", .path = "/orders"};
    request_.headers.emplace_back("Cookie", cookie_);
    request_.client_address = address;
    router.route(request_, http::Responder(*this));
  }
  void answer(http::Response&& response) override { answered_.set_value(response.status); }
  const http::Post& post() const override { return post_; }
  /// Its status; 0 while it waits.
  int status_now() {
    return status_.wait_for(std::chrono::seconds{0}) == std::future_status::ready ? status_.get()
                                                                                  : 0;
  }
  int status() { return status_.get(); }

 private:
  const std::string cookie_;
  http::Request request_;
  const http::Post post_{[](std::move_only_function<void()> task) { task(); }};
  std::promise<int> answered_;
  std::shared_future<int> status_{answered_.get_future()};
};

/// The pool's one thread is busy until release().
class BusyOrders : public OrdersControllerTest {
 protected:
  BusyOrders() {
    std::promise<void> started;  // the task keeps what it needs of it
    auto running = started.get_future();
    const std::array busy{std::string("busy"), std::string("busy"), std::string("busy")};
    pool_.submit(busy, [started = std::move(started), released = release_.get_future()]() mutable {
      started.set_value();
      released.wait();
    });
    running.wait();
  }
  void release() { release_.set_value(); }
  std::unique_ptr<Waiter> asks(http::Router& router, std::int64_t buyer, const char* address) {
    return std::make_unique<Waiter>(router, sessions_.issue(UserId{buyer}, 0, now_.wall), address);
  }

 private:
  std::promise<void> release_;
};

TEST_F(BusyOrders, WhatFindsNoPlaceIsRefusedLate) {
  concurrency::SlowRefusals late{std::chrono::hours{1}};
  OrdersController controller({buyer_orders_, pool_, late, sessions_, pages_, origin_},
                              [this] { return now_; });
  http::Router router;
  controller.add_routes(router);
  std::vector<std::unique_ptr<Waiter>> flood;
  for (int i = 0; i < 5; ++i) flood.push_back(asks(router, 1, "192.0.2.1"));  // four may wait
  const auto other = asks(router, 2, "192.0.2.1");  // for whom the fourth makes room
  EXPECT_EQ(flood[4]->status_now(), 0);
  EXPECT_EQ(flood[3]->status_now(), 0);
  late.stop();
  EXPECT_EQ(flood[4]->status_now(), 503);
  EXPECT_EQ(flood[3]->status_now(), 503);
  EXPECT_EQ(other->status_now(), 0);
  release();
  EXPECT_EQ(other->status(), 200);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(flood[static_cast<std::size_t>(i)]->status(), 200);
}

TEST_F(BusyOrders, OneBuyersRequestsTakeNoOthersPlace) {
  const auto asks = [this](std::int64_t buyer, const char* address) {
    return BusyOrders::asks(router_, buyer, address);
  };
  std::vector<std::unique_ptr<Waiter>> flood;
  for (int i = 0; i < 5; ++i) flood.push_back(asks(1, "192.0.2.1"));
  EXPECT_EQ(flood[4]->status_now(), 503) << "one buyer has four waiting";
  EXPECT_EQ(flood[3]->status_now(), 0);
  const auto other = asks(2, "192.0.2.1");
  EXPECT_EQ(other->status_now(), 0) << "of the same address";
  EXPECT_EQ(flood[3]->status_now(), 503) << "the newest of the longest makes room";
  const auto elsewhere = asks(1, "192.0.2.2");
  EXPECT_EQ(elsewhere->status_now(), 0);
  release();
  EXPECT_EQ(other->status(), 200);
  EXPECT_EQ(elsewhere->status(), 200);
  EXPECT_EQ(flood[0]->status(), 200);
  EXPECT_EQ(flood[1]->status(), 200);
  EXPECT_EQ(flood[2]->status(), 503) << "it has made room too";
}

}  // namespace
}  // namespace stampede::controllers
