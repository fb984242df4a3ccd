#include "controllers/demo/demo_checkout.h"

#include <gmock/gmock.h>

#include "tests/support/fakes/fake_buyers.h"
#include "tests/support/fakes/fake_order_events.h"
#include "tests/support/visitor.h"

namespace stampede::controllers {
namespace {

using test_support::body_of;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kSecret = "0123456789abcdef0123456789abcdef";

class DemoCheckoutTest : public testing::Test {
 protected:
  DemoCheckoutTest() {
    checkout_.add_routes(router_);
    events_.sale.price_cents = 1999;
    events_.sale.per_buyer_limit = 1;
    events_.orders.push_back({.number = OrderNumber{17},
                              .intent = *IdempotencyKey::parse("0123456789abcdef"),
                              .status = OrderStatus::kHeld,
                              .pay_by = kRequest.pay_by});
  }

  std::string link() const { return checkout_address({"/checkout", kSecret}, kRequest); }
  /// As the form of that page sends it.
  http::Response press(const std::string& button) {
    const std::string query = link().substr(link().find('?') + 1);
    return buyer_.post("/checkout", query + "&do=" + button,
                       {{"Content-Type", "application/x-www-form-urlencoded"}});
  }
  Order& order() { return events_.orders.front(); }
  void make_due_at(Instant at) { checkout_.make_due({at, {}}); }

  const PaymentRequest kRequest{.order = OrderNumber{17},
                                .amount_cents = 1999,
                                .pay_by = *parse_rfc3339("2026-11-22T08:34:00Z"),
                                .return_url = "http://127.0.0.1:8082/orders/17"};
  Now now_{*parse_rfc3339("2026-11-22T08:24:00Z"), Tick{}};
  test_support::FakeOrderEvents events_;
  test_support::FakeBuyers users_;
  test_support::FakeAuditLog log_;
  services::audit::Journal journal_{log_, users_};
  services::operations::OrderOperations operations_{events_, journal_};
  concurrency::WorkerPool pool_{{.name = "demo", .threads = 1, .queue = 8}};
  views::DemoPages pages_{[](std::string_view path) { return "/static/" + std::string(path); }};
  DemoCheckout checkout_{{.orders = operations_, .pool = pool_, .pages = pages_, .secret = kSecret},
                         [this] { return now_; }};
  http::Router router_;
  test_support::Visitor buyer_{router_};
};

TEST_F(DemoCheckoutTest, AsksForWhatTheShopHasSigned) {
  const auto page = buyer_.get(link());
  EXPECT_EQ(page.status, 200);
  const std::string html(body_of(page));
  EXPECT_THAT(html, HasSubstr("Pay order 17"));
  EXPECT_THAT(html, HasSubstr("$19.99"));
  EXPECT_THAT(html, HasSubstr("href=\"http://127.0.0.1:8082/orders/17\""));
  EXPECT_THAT(html, Not(HasSubstr("The time to pay is over")));
  now_.wall = kRequest.pay_by + std::chrono::seconds{1};
  EXPECT_THAT(std::string(body_of(buyer_.get(link()))), HasSubstr("The time to pay is over"));
}

TEST_F(DemoCheckoutTest, WhatTheShopHasNotSignedIsRefused) {
  const std::string other = checkout_address({"/checkout", std::string(32, 'x')}, kRequest);
  EXPECT_EQ(buyer_.get(other).status, 400);
  EXPECT_EQ(buyer_.get("/checkout").status, 400);
  const auto posted = buyer_.post("/checkout", other.substr(other.find('?') + 1) + "&do=pay",
                                  {{"Content-Type", "application/x-www-form-urlencoded"}});
  EXPECT_EQ(posted.status, 400);
  EXPECT_THAT(events_.payments, testing::IsEmpty());
}

TEST_F(DemoCheckoutTest, PaysOnceHoweverOftenTheButtonIsPressed) {
  for (int time = 0; time < 2; ++time) {
    const auto paid = press("pay");
    EXPECT_EQ(paid.status, 200);
    EXPECT_THAT(std::string(body_of(paid)), HasSubstr("Payment demo:17:1 pays the order."));
  }
  EXPECT_EQ(order().status, OrderStatus::kPaid);
  EXPECT_EQ(events_.payments.size(), 1U);
}

TEST_F(DemoCheckoutTest, DeclinedNothingIsPaid) {
  EXPECT_THAT(std::string(body_of(press("decline"))), HasSubstr("nothing was paid"));
  EXPECT_EQ(order().status, OrderStatus::kHeld);
  EXPECT_THAT(events_.payments, testing::IsEmpty());
  EXPECT_EQ(press("steal").status, 400);
}

TEST_F(DemoCheckoutTest, OfTwoPaymentsTheSecondGoesBack) {
  const std::string html(body_of(press("pay-twice")));
  EXPECT_THAT(html, HasSubstr("Payment demo:17:1 pays the order."));
  EXPECT_THAT(html, HasSubstr("Payment demo:17:2 pays no order (paid-already) and goes back."));
  const auto state = [&] { return events_.payment("demo:17:2")->state; };
  make_due_at(now_.wall);
  EXPECT_EQ(state(), PaymentState::kRefundDue);
  make_due_at(now_.wall + DemoCheckout::kRefundAfter);
  EXPECT_EQ(state(), PaymentState::kRefunded);
  EXPECT_EQ(events_.payment("demo:17:1")->state, PaymentState::kKept);
}

TEST_F(DemoCheckoutTest, ALatePaymentComesBehindTheEndOfTheHold) {
  press("pay-late");
  press("pay-late");
  const Instant late = kRequest.pay_by + DemoCheckout::kLate;
  make_due_at(late - std::chrono::milliseconds{1});
  EXPECT_THAT(events_.payments, testing::IsEmpty());
  order().status = OrderStatus::kExpired;
  make_due_at(late);
  ASSERT_EQ(events_.payments.size(), 1U);
  EXPECT_EQ(events_.payments[0].reason, "no-unit-free");
  make_due_at(late + DemoCheckout::kRefundAfter);
  EXPECT_EQ(events_.payments[0].state, PaymentState::kRefunded);
}

}  // namespace
}  // namespace stampede::controllers
