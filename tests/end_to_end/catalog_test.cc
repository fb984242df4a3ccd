// What a merchant changes while the shop runs: products, pictures, terms, stock; by the command
// line and by the console.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <chrono>
#include <fstream>

#include "model/time.h"
#include "tests/support/console.h"
#include "tests/support/drawn_pictures.h"
#include "tests/support/eventually.h"
#include "tests/support/shop.h"

namespace stampede::test_support {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using Words = std::vector<std::string>;

std::string in_an_hour() { return format_rfc3339(read_clocks().wall + 1h); }

boost::json::object state_of(Shop& shop, ProductId product) {
  const auto response = Buyer(shop.port()).get(fmt::format("/product/{}/state", product.value));
  return boost::json::parse(response.body).as_object();
}

TEST(Catalog, AddedStockReopensASaleThatWasSoldOut) {
  Shop shop;
  const ProductId lamp = shop.open_sale({.quantity = 1});
  ASSERT_EQ(shop.buyer(1).order(lamp, fresh_key()).result, "sold");
  ASSERT_TRUE(shop.await_status(lamp, "sold_out"));
  ASSERT_EQ(shop.buyer(2).order(lamp, fresh_key()).result, "sold-out");
  EXPECT_EQ(shop.run({"sale", "add-stock", "1", "2"}), "3\n");
  ASSERT_TRUE(shop.await_status(lamp, "on"));
  EXPECT_EQ(shop.buyer(2).order(lamp, fresh_key()).result, "sold");
  EXPECT_EQ(shop.buyer(3).order(lamp, fresh_key()).result, "sold");
  EXPECT_TRUE(shop.await_status(lamp, "sold_out"));
  EXPECT_EQ(shop.audited_orders(), 3);
}

TEST(Catalog, ASaleThatIsSoldOutAndEndedHasEndedForEverybody) {
  Shop shop;
  const ProductId lamp = shop.open_sale({.quantity = 1});
  ASSERT_EQ(shop.buyer(1).order(lamp, fresh_key()).result, "sold");
  ASSERT_TRUE(shop.await_status(lamp, "sold_out"));
  const auto told = [&] {
    const auto list = boost::json::parse(shop.run({"sale", "list", "--json"}));
    const auto show = boost::json::parse(shop.run({"sale", "show", "1", "--json"}));
    EXPECT_EQ(list.at(0).at("status"), show.at("status"));
    return std::string(show.at("status").as_string());
  };
  EXPECT_EQ(told(), "sold_out");
  shop.run({"sale", "end", "1"});
  ASSERT_TRUE(shop.await_status(lamp, "ended"));
  EXPECT_EQ(told(), "ended");
  EXPECT_EQ(shop.buyer(2).buy(lamp, fresh_key()).result, "sale-ended");
}

TEST(Catalog, ChangedTermsAreThoseOfTheRunningSale) {
  Shop shop;
  const ProductId lamp = shop.open_sale({.quantity = 10, .captcha = true, .starts = in_an_hour()});
  ASSERT_EQ(state_of(shop, lamp).at("price_cents").as_int64(), 1'999);
  shop.run({"sale", "change", "1", "--price-cents", "2500", "--quantity", "3", "--limit", "2",
            "--no-captcha", "--ends", "+2h"});
  ASSERT_TRUE(eventually(
      kPatience, [&] { return state_of(shop, lamp).at("price_cents").as_int64() == 2'500; }));
  EXPECT_EQ(state_of(shop, lamp).at("limit").as_int64(), 2);
  EXPECT_FALSE(state_of(shop, lamp).at("captcha").as_bool());
  EXPECT_TRUE(state_of(shop, lamp).at("ends_at").is_string());

  shop.run({"sale", "change", "1", "--starts", "now"});
  ASSERT_TRUE(shop.await_status(lamp, "on"));
  for (int buyer = 1; buyer <= 3; ++buyer) {
    EXPECT_EQ(shop.buyer(buyer).order(lamp, fresh_key()).result, "sold")
        << "fewer units, no captcha";
  }
  ASSERT_TRUE(shop.await_status(lamp, "sold_out"));
  EXPECT_EQ(shop.buyer(4).order(lamp, fresh_key()).result, "sold-out");
  EXPECT_EQ(shop.audited_orders(), 3);
}

TEST(Catalog, WhatCannotBeChangedIsRefusedWithASentence) {
  Shop shop;
  shop.open_sale({.quantity = 1});
  const std::pair<Words, const char*> rows[] = {
      {{"sale", "change", "1", "--price-cents", "5"}, "has started or is about to"},
      {{"sale", "change", "1"}, "nothing to change"},
      {{"sale", "change", "9", "--limit", "5"}, "there is no sale 9"},
      {{"sale", "add-stock", "1", "0"}, "units: 0 is out of range"},
      {{"sale", "add-stock", "1", "1000000000"}, "at most 1000000000 units in all"},
      {{"sale", "add-stock", "9", "1"}, "there is no sale 9"},
      {{"product", "change", "9", "--name", "x"}, "there is no product 9"},
      {{"product", "change", "1"}, "nothing to change"},
      {{"product", "change", "1", "--name", ""}, "name: \"\" is blank"},
      {{"product", "picture", "add", "1", "/nowhere/fox.png"}, "cannot be read"},
      {{"product", "picture", "add", "1", "/etc/passwd"}, "neither PNG, JPEG nor WebP"},
      {{"product", "picture", "list", "9"}, "there is no product 9"},
      {{"product", "picture", "remove", "1", "1"}, "product 1 has no picture 1"},
  };
  for (const auto& [words, says] : rows) {
    const CommandResult result = shop.try_run(words);
    EXPECT_EQ(result.exit, 1) << says;
    EXPECT_THAT(result.err, HasSubstr(says));
  }
  shop.run({"sale", "end", "1"});
  EXPECT_THAT(shop.try_run({"sale", "add-stock", "1", "1"}).err, HasSubstr("sale 1 has ended"));
}

TEST(Catalog, PicturesComeAndGoWhileTheShopRuns) {
  Shop shop;
  const ProductId lamp = shop.open_sale();
  const auto file = shop.data() / "fox.jpg";  // whatever it is called
  std::ofstream(file, std::ios::binary) << drawn_png(64, 48);
  EXPECT_EQ(shop.run({"product", "picture", "add", "1", file.string(), "--alt", "A fox"}), "1\n");
  const auto listed =
      boost::json::parse(shop.run({"product", "picture", "list", "1", "--json"})).as_array().at(0);
  EXPECT_EQ(listed.at("alt").as_string(), "A fox");
  EXPECT_EQ(listed.at("width").as_int64(), 64);
  const std::string address = "/pictures/" + std::string(listed.at("name").as_string());

  Buyer visitor(shop.port());
  ASSERT_TRUE(eventually(kPatience, [&] { return visitor.get(address).status == 200; }));
  const auto picture = visitor.get(address);
  EXPECT_EQ(picture.header("Content-Type"), "image/jpeg");
  EXPECT_EQ(picture.header("X-Content-Type-Options"), "nosniff");
  const auto page = fmt::format("/product/{}", lamp.value);
  EXPECT_TRUE(eventually(kPatience, [&] { return visitor.get(page).body.contains(address); }));

  shop.run({"product", "picture", "remove", "1", "1"});
  EXPECT_TRUE(eventually(kPatience, [&] { return visitor.get(address).status == 404; }));
  EXPECT_TRUE(eventually(kPatience, [&] { return !visitor.get(page).body.contains(address); }));
}

TEST(Catalog, APictureOfFiveMegabytesFitsAndNoLargerOne) {
  Shop shop;
  const ProductId lamp = shop.add_product();
  Console console(shop);
  std::string content = drawn_png(64, 48);
  content.resize(5'000'000, 'x');
  const auto added = console.upload(lamp, content);
  ASSERT_EQ(added.status, 201) << added.body;
  const std::string name(boost::json::parse(added.body).at("name").as_string());
  Buyer visitor(shop.port());
  ASSERT_TRUE(
      eventually(kPatience, [&] { return visitor.get("/pictures/" + name).status == 200; }));
  EXPECT_LT(visitor.get("/pictures/" + name).body.size(), 5'000U)
      << "what was uploaded is not sent";
  const auto refused = console.upload(lamp, content + 'x');
  EXPECT_EQ(refused.status, 422);
  EXPECT_THAT(refused.body, HasSubstr("5000001 bytes long; expected 1 to 5000000"));
}

TEST(Catalog, AMerchantSellsFromTheConsoleAlone) {
  Shop shop;
  Console console(shop);
  ASSERT_EQ(console.submit("/products/new", "/products/new", {{"name", "Lamp"}}).status, 303);
  ASSERT_EQ(console
                .submit("/sales/new?product=1", "/sales/new",
                        {{"product", "1"},
                         {"price", "19.99"},
                         {"quantity", "1"},
                         {"starts_at", in_an_hour().substr(0, 19)}})
                .status,
            303);
  const ProductId lamp{1};
  ASSERT_TRUE(shop.await_status(lamp, "upcoming"));
  ASSERT_TRUE(state_of(shop, lamp).at("captcha").as_bool());
  shop.run({"sale", "change", "1", "--starts", "now", "--no-captcha"});
  ASSERT_TRUE(shop.await_status(lamp, "on"));
  ASSERT_EQ(shop.buyer(1).order(lamp, fresh_key()).result, "sold");
  ASSERT_TRUE(shop.await_status(lamp, "sold_out"));
  EXPECT_THAT(console.get("/sales/1").body, HasSubstr("1 of 1"));
  ASSERT_EQ(console.submit("/sales/1", "/sales/1/stock", {{"units", "1"}, {"confirm", "1"}}).status,
            303);
  ASSERT_TRUE(shop.await_status(lamp, "on"));
  ASSERT_EQ(console.submit("/sales/1", "/sales/1/end", {{"confirm", "1"}}).status, 303);
  ASSERT_TRUE(shop.await_status(lamp, "ended"));
  const auto log = console.get("/audit-log").body;
  for (const char* action : {"product add", "sale create", "sale change", "sale add-stock",
                             "sale end", "console:olga"}) {
    EXPECT_THAT(log, HasSubstr(action));
  }
  EXPECT_EQ(shop.audited_orders(), 1);
}

}  // namespace
}  // namespace stampede::test_support
