#include "controllers/console/orders/order_search_controller.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/console/test_console.h"
#include "tests/support/fakes/fake_order_events.h"
#include "tests/support/fakes/fake_order_search.h"

namespace stampede::controllers {
namespace {

using repositories::OrderFilter;
using testing::HasSubstr;
using testing::Not;

class OrderSearchControllerTest : public testing::Test {
 protected:
  OrderSearchControllerTest() {
    controller_.add_routes(console_.router, console_.guard);
    console_.log_in();
  }

  /// An order that waits for its payment.
  void hold(std::int64_t number) {
    Order& order = search_.add(number, UserId{5}).line.order;
    order.status = OrderStatus::kHeld;
    order.pay_by = parse_rfc3339("2026-11-22T08:34:00Z");
    events_.orders.push_back(order);
    events_.sale.price_cents = 1999;
  }
  http::Response pay(const std::string& reference, const std::string& amount) {
    return console_.post("/orders/10/pay", {{"reference", reference}, {"amount", amount}});
  }
  static std::string body(const http::Response& response) {
    return std::string(test_support::body_of(response));
  }

  TestConsole console_;
  test_support::FakeOrderSearch search_;
  services::orders::OrderArchive archive_{search_};
  views::ConsoleOrdersPages pages_{console_.pages};
  test_support::FakeOrderEvents events_;
  services::operations::OrderOperations operations_{events_, console_.journal};
  OrderSearchController controller_{
      {archive_, operations_, console_.journal, pages_, console_.pages}};
  test_support::Visitor& browser_ = console_.browser;
};

TEST_F(OrderSearchControllerTest, ListsWhatTheFilterFindsWithLinksToTheSame) {
  search_.add(10, UserId{1});
  search_.add(11, UserId{2}, FailureReason::kTooLate);
  const auto html = console_.html(
      "/orders?sale=3&buyer=2&status=failed&from=2026-11-22T08%3A00&to=2026-11-23&number=");
  EXPECT_EQ(search_.asked.back(), (OrderFilter{.sale = {3},
                                               .buyer = {2},
                                               .status = OrderStatus::kFailed,
                                               .from = parse_rfc3339("2026-11-22T08:00:00Z"),
                                               .to = parse_rfc3339("2026-11-23T00:00:00Z")}));
  EXPECT_THAT(html, HasSubstr("href=\"/orders/11\""));
  EXPECT_THAT(html, HasSubstr("failed: too late"));
  EXPECT_THAT(html, HasSubstr("href=\"/buyers/2\""));
  EXPECT_THAT(html, HasSubstr("$19.99"));
  EXPECT_THAT(html, Not(HasSubstr("/orders/10\"")));
  // What was typed is kept, as the fields write it.
  EXPECT_THAT(html, HasSubstr("name=\"sale\" value=\"3\""));
  EXPECT_THAT(html, HasSubstr("value=\"failed\" selected"));
  EXPECT_THAT(html, HasSubstr("value=\"2026-11-22T08:00\""));
  EXPECT_THAT(html, HasSubstr("value=\"2026-11-23T00:00\""));
  EXPECT_THAT(html, HasSubstr("href=\"/orders.csv?sale=3&amp;buyer=2&amp;status=failed&amp;"
                              "from=2026-11-22T08:00:00.000Z&amp;to=2026-11-23T00:00:00.000Z\""));
}

TEST_F(OrderSearchControllerTest, LongListsAndLongSearchesGoOn) {
  for (std::int64_t number = 1; number <= 51; ++number) search_.add(number, UserId{1});
  const auto first = console_.html("/orders?buyer=1");
  EXPECT_THAT(first,
              HasSubstr("<a href=\"/orders?buyer=1&amp;before=2\" rel=\"next\">Older orders"));
  EXPECT_THAT(first, Not(HasSubstr("Search further")));
  const auto last = console_.html("/orders?buyer=1&before=2");
  EXPECT_THAT(last, HasSubstr("/orders/1\""));
  EXPECT_THAT(last, Not(HasSubstr("rel=\"next\"")));

  search_.most_examined = 20;
  const auto none = console_.html("/orders?buyer=9");
  EXPECT_THAT(none,
              HasSubstr("<a href=\"/orders?buyer=9&amp;before=32\" rel=\"next\">Search further"));
  EXPECT_THAT(none, Not(HasSubstr("No order matches")));
  EXPECT_THAT(none, Not(HasSubstr("Older orders")));
  EXPECT_THAT(console_.html("/orders?buyer=9&before=12"), HasSubstr("No order matches"));
}

TEST_F(OrderSearchControllerTest, SaysWhatIsWrongAndKeepsWhatWasTyped) {
  const auto bad = browser_.get(
      "/orders?number=abc&sale=-1&buyer=%3Cb%3E&status=odd&from=soon&to=2026-13-01&before=x");
  EXPECT_EQ(bad.status, 400);
  const std::string html(test_support::body_of(bad));
  EXPECT_THAT(html, HasSubstr("role=\"alert\""));
  for (const char* field : {"Order number:", "Sale:", "Buyer:", "Status:", "Ordered from:",
                            "Ordered before:", "Before:"}) {
    EXPECT_THAT(html, HasSubstr(std::string(field) + " expected")) << field;
  }
  EXPECT_THAT(html, HasSubstr("value=\"abc\""));
  EXPECT_THAT(html, HasSubstr("value=\"&lt;b&gt;\""));
  EXPECT_THAT(html, HasSubstr("value=\"soon\""));
  EXPECT_TRUE(search_.asked.empty());
  EXPECT_EQ(browser_.get("/orders?buyer=%ff%fe").status, 400);
}

TEST_F(OrderSearchControllerTest, ShowsOneOrder) {
  search_.add(10, UserId{5}, FailureReason::kNoUnit).buyer_name = "";
  const auto html = console_.html("/orders/10");
  EXPECT_THAT(html, HasSubstr("Failed: no unit was left."));
  EXPECT_THAT(html, HasSubstr(">user 5<"));
  EXPECT_THAT(html, HasSubstr("0123456789abcdef"));
  for (const char* number : {"11", "0", "x", "010"}) {
    EXPECT_EQ(browser_.get(std::string("/orders/") + number).status, 404) << number;
  }
}

TEST_F(OrderSearchControllerTest, CancelsAnOrderOnceAndSaysWhatHappened) {
  events_.orders.push_back(search_.add(10, UserId{5}).line.order);
  EXPECT_THAT(console_.html("/orders/10"), HasSubstr("action=\"/orders/10/cancel\""));
  for (int i = 0; i < 2; ++i) {
    const auto done = console_.post("/orders/10/cancel", {{"reason", "paid twice"}});
    EXPECT_EQ(done.status, 303);
    EXPECT_EQ(test_support::header_of(done, "Location"), "/orders/10");
  }
  EXPECT_EQ(events_.events.size(), 1U);
  EXPECT_THAT(console_.log.entries, testing::SizeIs(1));
  search_.orders.back().line.order = events_.orders.front();
  const auto html = console_.html("/orders/10");
  EXPECT_THAT(html, HasSubstr("Cancelled: its unit went back into the sale."));
  EXPECT_THAT(html, HasSubstr("paid twice"));
  EXPECT_THAT(html, Not(HasSubstr("/orders/10/cancel")));
}

TEST_F(OrderSearchControllerTest, SaysWhyAnOrderIsNotCancelled) {
  events_.orders.push_back(search_.add(10, UserId{5}).line.order);
  const auto refused = console_.post("/orders/10/cancel", {{"reason", std::string(201, 'x')}});
  EXPECT_EQ(refused.status, 422);
  EXPECT_THAT(std::string(test_support::body_of(refused)), HasSubstr("201 bytes"));
  EXPECT_EQ(console_.post("/orders/11/cancel", {}).status, 404);
  EXPECT_TRUE(events_.events.empty());
}

TEST_F(OrderSearchControllerTest, RecordsAPaymentOnceAndSaysWhatBecameOfIt) {
  hold(10);
  const auto asked = console_.html("/orders/10");
  EXPECT_THAT(asked, HasSubstr("Held: one unit waits for its payment."));
  EXPECT_THAT(asked, HasSubstr("To be paid by"));
  EXPECT_THAT(asked, HasSubstr("datetime=\"2026-11-22T08:34:00.000Z\""));
  EXPECT_THAT(asked, HasSubstr("name=\"amount\" value=\"19.99\"")) << "the price";
  for (int i = 0; i < 2; ++i) {
    const auto done = pay("cash:1", "19.99");
    EXPECT_EQ(test_support::header_of(done, "Location"), "/orders/10") << body(done);
  }
  EXPECT_EQ(events_.events.size(), 1U);
  EXPECT_THAT(console_.log.entries, testing::SizeIs(1));
  search_.orders.back().line.order = events_.orders.front();
  const auto paid = console_.html("/orders/10");
  EXPECT_THAT(paid, HasSubstr("Paid: one unit is the buyer’s."));
  EXPECT_THAT(paid, HasSubstr("paid by console:olga, $19.99"));
  EXPECT_THAT(paid, HasSubstr("<td>kept</td>"));
  EXPECT_THAT(paid, Not(HasSubstr("/orders/10/refund")));
}

TEST_F(OrderSearchControllerTest, APaymentThatIsNotKeptCanBeRefunded) {
  hold(10);
  ASSERT_EQ(pay("cash:1", "19.98").status, 303);
  const auto due = console_.html("/orders/10");
  EXPECT_THAT(due, HasSubstr("refund due: the amount is not the price"));
  EXPECT_THAT(due, HasSubstr("action=\"/orders/10/refund\""));
  EXPECT_THAT(due, HasSubstr("Record a refund of $19.98, cash:1"));
  const auto done = console_.post("/orders/10/refund", {{"reference", "cash:1"}});
  EXPECT_EQ(test_support::header_of(done, "Location"), "/orders/10") << body(done);
  const auto refunded = console_.html("/orders/10");
  EXPECT_THAT(refunded, HasSubstr("<td>refunded: the amount is not the price</td>"));
  EXPECT_THAT(refunded, Not(HasSubstr("/orders/10/refund")));
}

TEST_F(OrderSearchControllerTest, SaysWhyAPaymentOrARefundIsRefusedAndKeepsWhatWasTyped) {
  hold(10);
  const auto odd = pay("<b>", "nineteen");
  EXPECT_EQ(odd.status, 422);
  EXPECT_THAT(body(odd), HasSubstr("amount: &quot;nineteen&quot; is not an amount"));
  EXPECT_THAT(body(odd), HasSubstr("name=\"reference\" value=\"&lt;b&gt;\""));
  EXPECT_THAT(body(odd), HasSubstr("name=\"amount\" value=\"nineteen\""));
  EXPECT_THAT(body(pay("", "19.99")), HasSubstr("reference: expected"));
  EXPECT_THAT(body(pay("\xff", "19.99")), HasSubstr("reference: expected"));
  EXPECT_THAT(body(pay("cash:1", "0")), HasSubstr("amount: it is 0 cents"));
  ASSERT_EQ(pay("cash:1", "19.99").status, 303);
  const auto kept = console_.post("/orders/10/refund", {{"reference", "cash:1"}});
  EXPECT_EQ(kept.status, 422);
  EXPECT_THAT(body(kept), HasSubstr("cancel the order first"));
  hold(11);
  EXPECT_THAT(body(console_.post("/orders/11/refund", {{"reference", "cash:1"}})),
              HasSubstr("order 11 has no payment"));
  EXPECT_EQ(console_.post("/orders/12/pay", {}).status, 404);
  EXPECT_EQ(console_.post("/orders/12/refund", {}).status, 404);
}

TEST_F(OrderSearchControllerTest, AnOrderThatFailedTakesNoPayment) {
  search_.add(10, UserId{5}, FailureReason::kNoUnit);
  EXPECT_THAT(console_.html("/orders/10"), Not(HasSubstr("/orders/10/pay")));
}

TEST_F(OrderSearchControllerTest, AViewerRecordsNothing) {
  hold(10);
  console_.log_in(UserRole::kViewer);
  EXPECT_EQ(pay("cash:1", "19.99").status, 403);
  EXPECT_EQ(console_.post("/orders/10/refund", {{"reference", "cash:1"}}).status, 403);
  EXPECT_TRUE(events_.payments.empty());
  console_.log_in(UserRole::kOperator);
  EXPECT_EQ(pay("cash:1", "19.99").status, 303);
}

}  // namespace
}  // namespace stampede::controllers
