#include "controllers/console/catalog/sales_controller.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/console/catalog/test_catalog.h"

namespace stampede::controllers {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using test_support::body_of;
using test_support::Fields;
using test_support::header_of;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Fields terms(const std::string& price = "19.99", const std::string& quantity = "10",
             const std::string& starts = "2026-11-22T10:00") {
  return {{"product", "1"},      {"price", price}, {"quantity", quantity}, {"limit", "2"},
          {"starts_at", starts}, {"ends_at", ""},  {"captcha", "yes"}};
}

/// Of a sale whose terms were shown when it had `known` units.
Fields change(const std::string& known, Fields fields) {
  fields.emplace_back("known", known);
  return fields;
}

class SalesControllerTest : public testing::Test {
 protected:
  SalesControllerTest() {
    controller_.add_routes(console_.router, console_.guard);
    console_.log_in();
    shop_.product();
  }
  Sale stored(std::int64_t id = 1) { return *shop_.catalog.sale({id}); }
  std::string refusal(std::string_view target, const Fields& fields) {
    const auto response = console_.post(target, fields);
    EXPECT_EQ(response.status, 422) << body_of(response);
    return std::string(body_of(response));
  }

  TestCatalog shop_;
  TestConsole& console_ = shop_.console;
  SalesController controller_{{shop_.catalog, shop_.overview, shop_.operations, console_.journal,
                               console_.pages, shop_.pages}};
  test_support::Visitor& browser_ = console_.browser;
};

TEST_F(SalesControllerTest, ANewSaleIsThereAndJournaled) {
  EXPECT_THAT(console_.html("/sales"), HasSubstr("There is no sale yet"));
  EXPECT_THAT(console_.html("/sales/new?product=1"),
              HasSubstr("<option value=\"1\" selected>1: Fox</option>"));
  auto fields = terms();
  fields[5].second = "2026-11-22T12:00:30";
  const auto response = console_.post("/sales/new", fields);
  EXPECT_EQ(header_of(response, "Location"), "/sales/1?done=created") << body_of(response);
  const Sale sale = stored();
  EXPECT_EQ(sale.price_cents, 1'999);
  EXPECT_EQ(sale.quantity, 10);
  EXPECT_EQ(sale.per_buyer_limit, 2);
  EXPECT_EQ(sale.starts_at, *parse_rfc3339("2026-11-22T10:00:00Z"));
  EXPECT_EQ(sale.ends_at, *parse_rfc3339("2026-11-22T12:00:30Z"));
  EXPECT_TRUE(sale.captcha);
  EXPECT_THAT(shop_.changes(),
              ElementsAre("console:olga sale create, sale 1 of product 1: 10 units at 1999 cents, "
                          "at most 2 a buyer, 2026-11-22T10:00:00.000Z to "
                          "2026-11-22T12:00:30.000Z"));
  EXPECT_THAT(console_.html("/sales"), HasSubstr("href=\"/sales/1\">1</a>"));
  EXPECT_THAT(console_.html("/sales/1?done=created"),
              AllOf(HasSubstr("The sale is created."), HasSubstr("0 of 10"),
                    HasSubstr("value=\"2026-11-22T12:00:30\"")));
}

TEST_F(SalesControllerTest, AnEmptyStartIsNowAndAnUncheckedCaptchaNone) {
  auto fields = terms("5", "1", "");
  fields.pop_back();
  ASSERT_EQ(console_.post("/sales/new", fields).status, 303);
  EXPECT_EQ(stored().starts_at, console_.now.wall);
  EXPECT_FALSE(stored().captcha);
}

TEST_F(SalesControllerTest, AHoldIsSetShownChangedAndTakenAway) {
  const auto held = [](const std::string& minutes) {
    Fields fields = terms();
    fields.emplace_back("hold_minutes", minutes);
    return fields;
  };
  ASSERT_EQ(console_.post("/sales/new", held("10")).status, 303);
  EXPECT_EQ(stored().hold, seconds{600});
  EXPECT_THAT(console_.html("/sales/1"), AllOf(HasSubstr("<dd>10 minutes</dd>"),
                                               HasSubstr("name=\"hold_minutes\" value=\"10\"")));
  ASSERT_EQ(console_.post("/sales/1", change("10", held("10080"))).status, 303);
  EXPECT_EQ(stored().hold, Sale::kLongestHold);
  for (const char* bad : {"0", "10081", "-1", "1.5", "ten", "99999999999999999999"}) {
    const std::string page = refusal("/sales/1", change("10", held(bad)));
    EXPECT_THAT(page, HasSubstr("hold for payment: ")) << bad;
    EXPECT_THAT(page, HasSubstr("name=\"hold_minutes\" value=\"" + std::string(bad) + "\""));
  }
  ASSERT_EQ(console_.post("/sales/1", change("10", held(""))).status, 303);
  EXPECT_EQ(stored().hold, std::nullopt);
  EXPECT_THAT(console_.html("/sales/1"), HasSubstr("none: orders are final"));
}

TEST_F(SalesControllerTest, AHoldInSecondsStaysWhileItsFieldIsNotTouched) {
  ASSERT_EQ(console_.post("/sales/new", terms()).status, 303);
  Sale sale = stored();
  sale.hold = seconds{90};
  ASSERT_TRUE(shop_.catalog.change_sale(sale, sale.quantity, console_.now.wall));
  EXPECT_THAT(console_.html("/sales/1"), AllOf(HasSubstr("<dd>90 seconds</dd>"),
                                               HasSubstr("name=\"hold_minutes\" value=\"1\"")));
  Fields fields = terms("5");
  fields.emplace_back("hold_minutes", "1");
  ASSERT_EQ(console_.post("/sales/1", change("10", fields)).status, 303);
  EXPECT_EQ(stored().price_cents, 500);
  EXPECT_EQ(stored().hold, seconds{90});
}

TEST_F(SalesControllerTest, WhatIsWrongIsSaidAndWhatWasTypedStays) {
  shop_.sale({1});
  const auto with = [](std::size_t field, const std::string& value) {
    Fields fields = terms();
    fields[field].second = value;
    return fields;
  };
  const std::pair<Fields, const char*> rows[] = {
      {with(1, "nineteen"), "price: &quot;nineteen&quot;"},
      {with(2, "0"), "quantity: 0 is out of range"},
      {with(2, "-5"), "units: &quot;-5&quot; is not a whole number"},
      {with(3, "9999999999"), "limit: 2147483647 is out of range"},
      {with(4, "soon"), "starts: &quot;soon&quot; is not a time"},
      {with(5, "later"), "ends: &quot;later&quot; is not a time"},
      {with(5, "2026-11-22T09:00"), "is not after its start"},
  };
  for (const char* target : {"/sales/new", "/sales/1"}) {
    for (const auto& [fields, says] : rows) {
      const std::string page = refusal(target, change("10", fields));
      EXPECT_THAT(page, AllOf(HasSubstr("role=\"alert\""), HasSubstr(says)));
      EXPECT_THAT(page, HasSubstr("name=\"limit\" value=\"" + fields[3].second + "\""));
      EXPECT_THAT(page, HasSubstr("name=\"starts_at\" value=\"" + fields[4].second + "\""));
    }
  }
  EXPECT_THAT(refusal("/sales/1", change("10", with(4, ""))),
              HasSubstr("starts: &quot;&quot; is not a time"));
  EXPECT_THAT(refusal("/sales/1", terms()), HasSubstr("known: "));
  EXPECT_THAT(refusal("/sales/new", with(0, "7")), HasSubstr("there is no product 7"));
  EXPECT_THAT(refusal("/sales/new", with(0, "one")), HasSubstr("is not the number of a product"));
  EXPECT_THAT(refusal("/sales/new", terms()), HasSubstr("another sale of product 1 runs"));
  EXPECT_EQ(shop_.catalog.sales().sales.size(), 1U);
  EXPECT_EQ(stored().price_cents, 1'999);
  EXPECT_THAT(shop_.changes(), IsEmpty());
}

TEST_F(SalesControllerTest, TermsChangeBeforeTheStartOnly) {
  const SaleId sale = shop_.sale({1});
  ASSERT_EQ(header_of(console_.post("/sales/1", change("10", terms("7", "4"))), "Location"),
            "/sales/1?done=changed");
  EXPECT_EQ(stored().price_cents, 700);
  EXPECT_EQ(stored().quantity, 4);
  EXPECT_EQ(stored().unleased, 4);
  EXPECT_THAT(shop_.changes(), ElementsAre(HasSubstr("sale change, sale 1 of product 1: 4 units")));

  console_.now.wall = stored().starts_at - Sale::kTermsFixed;
  console_.log_in();
  EXPECT_THAT(console_.html("/sales/1"), Not(HasSubstr("Save the terms")));
  EXPECT_THAT(refusal("/sales/1", change("4", terms("1", "4", "2026-11-23T10:00"))),
              HasSubstr("has started or is about to"));
  EXPECT_EQ(stored(sale.value).price_cents, 700);
}

TEST_F(SalesControllerTest, TermsThatWereShownBeforeUnitsWereAddedTakeNoneBack) {
  const SaleId sale = shop_.sale({1});
  EXPECT_THAT(console_.html("/sales/1"), HasSubstr("name=\"known\" value=\"10\""));
  ASSERT_TRUE(shop_.catalog.add_stock(sale, 10, console_.now.wall));
  EXPECT_THAT(refusal("/sales/1", change("10", terms("nine"))),
              AllOf(HasSubstr("price: "), HasSubstr("name=\"known\" value=\"10\"")))
      << "another mistake hides nothing";
  EXPECT_THAT(
      refusal("/sales/1", change("10", terms("9"))),
      AllOf(HasSubstr("sale 1 has 20 units by now, not 10"), HasSubstr("0 of 20"),
            HasSubstr("name=\"price\" value=\"9\""), HasSubstr("name=\"quantity\" value=\"10\""),
            HasSubstr("name=\"known\" value=\"20\"")));
  EXPECT_EQ(stored().quantity, 20);
  EXPECT_EQ(stored().price_cents, 1'999);
  EXPECT_THAT(shop_.changes(), IsEmpty());
  ASSERT_EQ(console_.post("/sales/1", change("20", terms("9", "20"))).status, 303);
  EXPECT_EQ(stored().price_cents, 900);
  EXPECT_EQ(stored().quantity, 20);
}

TEST_F(SalesControllerTest, AStartBetweenTwoSecondsStaysExactAndCanBeChanged) {
  const std::string exact = "2026-11-22T10:00:00.250";
  ASSERT_EQ(console_.post("/sales/new", terms("5", "1", exact)).status, 303);
  EXPECT_THAT(console_.html("/sales/1"),
              HasSubstr("value=\"" + exact + "\" type=\"datetime-local\" step=\"0.001\""));
  ASSERT_EQ(console_.post("/sales/1", change("1", terms("6", "1", "2026-11-22T10:00:01"))).status,
            303);
  EXPECT_THAT(console_.html("/sales/1"),
              HasSubstr("value=\"2026-11-22T10:00:01\" type=\"datetime-local\" step=\"1\""));
}

TEST_F(SalesControllerTest, StockIsAddedOnceAndConfirmed) {
  shop_.sale({1});
  const Fields form = {{"known", "10"}, {"units", "5"}, {"confirm", "1"}};
  EXPECT_THAT(console_.html("/sales/1"), HasSubstr("name=\"known\" value=\"10\""));
  EXPECT_THAT(refusal("/sales/1/stock", {{"known", "10"}, {"units", "5"}, {"confirm", "2"}}),
              AllOf(HasSubstr("expected 1"), HasSubstr("name=\"units\" value=\"5\"")));
  EXPECT_THAT(refusal("/sales/1/stock", {{"known", "10"}, {"units", "many"}, {"confirm", "1"}}),
              HasSubstr("units: &quot;many&quot;"));
  EXPECT_THAT(refusal("/sales/1/stock", {{"units", "5"}, {"confirm", "1"}}), HasSubstr("known: "));
  EXPECT_EQ(stored().quantity, 10);
  ASSERT_EQ(header_of(console_.post("/sales/1/stock", form), "Location"), "/sales/1?done=stock");
  EXPECT_EQ(stored().quantity, 15);
  EXPECT_THAT(refusal("/sales/1/stock", form), HasSubstr("has not 10 units any more"));
  EXPECT_EQ(stored().quantity, 15) << "the same form twice is once";
  EXPECT_THAT(shop_.changes(),
              ElementsAre("console:olga sale add-stock, sale 1: 5 units more, 15 in all"));
}

TEST_F(SalesControllerTest, AFormThatIsSentTwiceAddsItsUnitsOnceAndSaysYesTwice) {
  shop_.sale(shop_.product());
  const std::string html = console_.html("/sales/1");
  const std::string field = "name=\"key\" value=\"";
  ASSERT_NE(html.find(field), std::string::npos);
  const test_support::Fields form{{"known", "10"},
                                  {"units", "5"},
                                  {"confirm", "1"},
                                  {"key", html.substr(html.find(field) + field.size(), 37)}};
  for (int sent = 0; sent < 2; ++sent) {
    EXPECT_EQ(header_of(console_.post("/sales/1/stock", form), "Location"), "/sales/1?done=stock");
  }
  EXPECT_EQ(shop_.catalog.sale(SaleId{1})->quantity, 15);
  EXPECT_EQ(shop_.changes().size(), 1U);
}

TEST_F(SalesControllerTest, ASaleIsEndedOnceAndConfirmed) {
  shop_.sale({1});
  EXPECT_THAT(refusal("/sales/1/end", {{"confirm", ""}}), HasSubstr("expected 1"));
  EXPECT_FALSE(stored().ends_at);
  ASSERT_EQ(header_of(console_.post("/sales/1/end", {{"confirm", "1"}}), "Location"),
            "/sales/1?done=ended");
  EXPECT_EQ(stored().ends_at, console_.now.wall);
  EXPECT_THAT(refusal("/sales/1/end", {{"confirm", "1"}}), HasSubstr("it has ended already"));
  EXPECT_THAT(refusal("/sales/1/stock", {{"known", "10"}, {"units", "5"}, {"confirm", "1"}}),
              HasSubstr("sale 1 has ended"));
  EXPECT_THAT(shop_.changes(), ElementsAre("console:olga sale end, sale 1"));
  EXPECT_THAT(console_.html("/sales/1"), Not(HasSubstr("End the sale")));
}

TEST_F(SalesControllerTest, MarkupIsText) {
  shop_.catalog.change_product({1}, {.name = kMarkup});
  shop_.sale({1});
  auto fields = terms();
  for (auto& [name, value] : fields) value = kMarkup;
  for (const auto& page :
       {console_.html("/sales"), console_.html("/sales/1"), console_.html("/sales/new"),
        refusal("/sales/new", fields), refusal("/sales/1", fields),
        refusal("/sales/1", change(kMarkup, fields)),
        refusal("/sales/1/stock", {{"known", "10"}, {"units", kMarkup}, {"confirm", "1"}}),
        refusal("/sales/1/end", {{"confirm", kMarkup}})}) {
    EXPECT_THAT(page, Not(HasSubstr("<script>alert")));
    EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(1)"));
  }
}

TEST_F(SalesControllerTest, FormsFromAnotherOriginAndStrangersAreRefused) {
  shop_.sale({1});
  const auto ours = [&](const char* target) {
    auto fields = terms("1");
    fields.emplace_back("token", console_.token(target));
    fields.emplace_back("confirm", "1");
    fields.emplace_back("units", "1");
    fields.emplace_back("known", "10");
    return fields;
  };
  const char* posts[] = {"/sales/new", "/sales/1", "/sales/1/stock", "/sales/1/end"};
  for (const char* target : posts) {
    const auto refused =
        browser_.post_form(target, ours(target), {{"Origin", "http://evil.example"}});
    EXPECT_EQ(refused.status, 403) << target;
  }
  browser_.cookies.erase("operator");
  for (const char* target : posts) EXPECT_EQ(browser_.post_form(target, ours(target)).status, 401);
  for (const char* target : {"/sales", "/sales/new", "/sales/1"}) {
    EXPECT_EQ(browser_.get(target).status, 401) << target;
    EXPECT_EQ(header_of(browser_.get(target, kBrowserPage), "Location"),
              "/login?next=" + std::string(target));
  }
  EXPECT_EQ(stored().price_cents, 1'999);
  EXPECT_EQ(stored().quantity, 10);
  EXPECT_FALSE(stored().ends_at);
  EXPECT_EQ(shop_.catalog.sales().sales.size(), 1U);
}

TEST_F(SalesControllerTest, UnknownSalesAreNotFound) {
  for (const char* target : {"/sales/9", "/sales/x"}) {
    EXPECT_EQ(browser_.get(target).status, 404) << target;
    EXPECT_EQ(console_.post(target, terms()).status, 404) << target;
    EXPECT_EQ(console_.post(std::string(target) + "/end", {{"confirm", "9"}}).status, 404);
    EXPECT_EQ(console_.post(std::string(target) + "/stock", {{"confirm", "9"}}).status, 404);
  }
}

}  // namespace
}  // namespace stampede::controllers
