#include "views/pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "embedded/templates.h"
#include "views/format.h"
#include "views/test_pages.h"

namespace stampede::views {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class PagesTest : public ::testing::Test {
 protected:
  static Sale sale() {
    Sale sale;
    sale.id = SaleId{3};
    sale.product = ProductId{7};
    sale.price_cents = 129900;
    sale.per_buyer_limit = 2;
    sale.starts_at = *parse_rfc3339("2026-11-22T08:24:00Z");
    return sale;
  }

  static Picture picture(const std::string& alt) {
    return {PictureId{1}, "00c0ffee.png", 640, 480, 1000, alt};
  }

  static Product product(const std::string& name, const std::string& description) {
    return {ProductId{7}, name, description, {}, 159900, {picture(description)}};
  }

  /// Every page there is, with `text` wherever somebody else's text can stand.
  std::vector<std::string> every_page(const std::string& text) const {
    SaleCard card{ProductId{7}, text, SaleStatus::kOn, 100, {}, {}};
    card.picture = picture(text);
    const OrderRow row{OrderNumber{5}, ProductId{7}, text, 100, {}};
    const CredentialsForm form{text, text, text, text};
    return {pages_.sale_list({&card, 1}),
            pages_.product({product(text, text), sale()}),
            pages_.product({product(text, text), {}}),
            pages_.login(form),
            pages_.registration(form),
            pages_.account({text, text, text}),
            pages_.orders({{row}, OrderNumber{5}}),
            pages_.order(row),
            pages_.purchase({PurchasePage::State::kFailed, {}, text}),
            pages_.message({text, text})};
  }

  const Pages pages_{testing::asset_url};
};

TEST_F(PagesTest, EscapesEveryValueEverywhere) {
  testing::expect_escaped(every_page(testing::kScript));
}

TEST_F(PagesTest, NeverReadsAValueAsATemplate) {
  for (const std::string& html : every_page("{{{token}}}{{>layout}}{{=<% %>=}}")) {
    EXPECT_THAT(html, HasSubstr("{{{token}}}{{&gt;layout}}{{=&lt;% %&gt;=}}"));
  }
}

TEST_F(PagesTest, EveryPageIsWholeAndLeavesNoTagBehind) {
  for (const std::string& html : every_page("plain")) {
    EXPECT_TRUE(html.starts_with("<!doctype html>\n")) << html;
    EXPECT_TRUE(html.ends_with("</html>\n")) << html;
    EXPECT_THAT(html, Not(HasSubstr("{{")));
    EXPECT_THAT(html, Not(HasSubstr("}}")));
    EXPECT_THAT(html, HasSubstr("href=\"/static/css/shop.css\""));
    EXPECT_THAT(html, HasSubstr("<script src=\"/static/js/shop.js\"></script>"));
    EXPECT_THAT(html, HasSubstr("href=\"/static/icon.svg\""));
  }
}

TEST_F(PagesTest, ProductPageHoldsWhatNeverChangesOfItsSale) {
  const std::string html = pages_.product({product("Lamp", "Bright.\nWarm."), sale()});
  EXPECT_THAT(html, HasSubstr("data-product=\"7\" data-sale=\"3\""));
  EXPECT_THAT(html, HasSubstr("<title>Lamp · Stampede</title>"));
  EXPECT_THAT(html, HasSubstr("Bright.\nWarm."));
  EXPECT_THAT(html, HasSubstr("$1,299.00"));
  EXPECT_THAT(html, HasSubstr("datetime=\"2026-11-22T08:24:00.000Z\">2026-11-22 08:24:00 UTC<"));
  EXPECT_THAT(html, HasSubstr("<div id=\"ends\" hidden>"));
  EXPECT_THAT(html, HasSubstr("src=\"/static/js/product.js\""));
}

TEST_F(PagesTest, ProductWithoutASaleSaysSoAndCannotBeBought) {
  const std::string html = pages_.product({product("Lamp", ""), {}});
  EXPECT_THAT(html, HasSubstr("Not on sale"));
  EXPECT_THAT(html, Not(HasSubstr("buy-form")));
  EXPECT_THAT(html, Not(HasSubstr("data-sale")));
}

TEST_F(PagesTest, ProductShowsItsPicturesWithTheirSizesTheFirstAtOnce) {
  Product lamp = product("Lamp", "");
  lamp.pictures = {picture("From the front"), picture("From behind")};
  const std::string html = pages_.product({lamp, sale()});
  EXPECT_THAT(html, HasSubstr("<img src=\"/pictures/00c0ffee.png\" alt=\"From the front\" "
                              "width=\"640\" height=\"480\" decoding=\"async\">"));
  EXPECT_THAT(html, HasSubstr("alt=\"From behind\" width=\"640\" height=\"480\" "
                              "loading=\"lazy\" decoding=\"async\">"));
  lamp.pictures.clear();
  EXPECT_THAT(pages_.product({lamp, sale()}), Not(HasSubstr("<img")));
}

TEST_F(PagesTest, ABrowserChoosesAmongThePicturesVersions) {
  Product lamp = product("Lamp", "");
  lamp.pictures = {picture("From the front")};
  lamp.pictures[0].name = "l.jpg";
  lamp.pictures[0].width = 960;
  lamp.pictures[0].versions = {
      {"l.webp", 960, 720, 9}, {"s.jpg", 480, 360, 5}, {"s.webp", 480, 360, 4}};
  const std::string html = pages_.product({lamp, sale()});
  EXPECT_THAT(html, HasSubstr("<source type=\"image/webp\" srcset=\"/pictures/l.webp 960w, "
                              "/pictures/s.webp 480w\" sizes=\"(min-width: 64rem)"));
  EXPECT_THAT(html, HasSubstr("<img srcset=\"/pictures/l.jpg 960w, /pictures/s.jpg 480w\" sizes="));
  EXPECT_THAT(html, HasSubstr(" src=\"/pictures/l.jpg\" alt=\"From the front\" width=\"960\""));
  SaleCard card{ProductId{7}, "Lamp", SaleStatus::kOn, 129900, {}, {}};
  card.picture = lamp.pictures[0];
  EXPECT_THAT(pages_.sale_list({&card, 1}), HasSubstr("srcset=\"/pictures/l.webp 960w"));
  card.picture = picture("from before there were versions");
  EXPECT_THAT(pages_.sale_list({&card, 1}), Not(HasSubstr("srcset")));
}

TEST_F(PagesTest, AListPriceIsStruckThroughOnlyAboveThePrice) {
  const char* const words =
      "<s class=\"list-price\"><span class=\"visually-hidden\">List price: </span>$1,599.00</s>";
  Product lamp = product("Lamp", "");
  EXPECT_THAT(pages_.product({lamp, sale()}), HasSubstr(words));
  SaleCard card{ProductId{7}, "Lamp", SaleStatus::kOn, 129900, {}, {}, 159900};
  EXPECT_THAT(pages_.sale_list({&card, 1}), HasSubstr(words));
  lamp.list_price_cents = card.list_price_cents = 129900;
  EXPECT_THAT(pages_.product({lamp, sale()}), Not(HasSubstr("list-price")));
  EXPECT_THAT(pages_.sale_list({&card, 1}), Not(HasSubstr("list-price")));
}

TEST_F(PagesTest, CaptchaHasItsPlaceFromTheStartIfTheSaleWantsOne) {
  Sale offer = sale();
  EXPECT_THAT(pages_.product({product("Lamp", ""), offer}),
              HasSubstr("<fieldset id=\"captcha\" disabled>"));
  offer.captcha = false;
  EXPECT_THAT(pages_.product({product("Lamp", ""), offer}),
              HasSubstr("<fieldset id=\"captcha\" disabled hidden>"));
}

TEST_F(PagesTest, AnExternalChallengeIsNamedWhereTheCaptchaIs) {
  ExternalChallenge challenge{.provider = "turnstile",
                              .site_key = "0x4AAA",
                              .script_url = "https://provider.example/api.js",
                              .own_always = false};
  const Pages pages(testing::asset_url, challenge);
  const std::string html = pages.product({product("Lamp", ""), sale()});
  EXPECT_THAT(html, HasSubstr("<fieldset id=\"captcha\" disabled data-provider=\"turnstile\" "
                              "data-site-key=\"0x4AAA\" "
                              "data-script=\"https://provider.example/api.js\" data-outside>"));
  EXPECT_THAT(html, HasSubstr("<div id=\"captcha-widget\""));
  EXPECT_THAT(html, HasSubstr("id=\"captcha-work\" class=\"secondary\" hidden "));
  EXPECT_THAT(html, Not(HasSubstr("<script src=\"https"))) << "the page's script loads it when due";
  challenge.own_always = true;
  const std::string chosen =
      Pages(testing::asset_url, challenge).product({product("Lamp", ""), sale()});
  EXPECT_THAT(chosen, HasSubstr(" data-own=\"always\" data-outside>"));
  EXPECT_THAT(chosen, HasSubstr("id=\"captcha-work\" class=\"secondary\" data-worker"));
}

TEST_F(PagesTest, ListLoadsOnlyTheFirstPicturesAtOnce) {
  std::vector<SaleCard> cards(4, {ProductId{1}, "Lamp", SaleStatus::kOn, 100, {}, {}});
  for (SaleCard& card : cards) card.picture = picture("A lamp");
  const std::string html = pages_.sale_list(cards);
  const std::size_t lazy = html.find("loading=\"lazy\"");
  EXPECT_NE(lazy, std::string::npos);
  EXPECT_EQ(html.find("loading=\"lazy\"", lazy + 1), std::string::npos);
  EXPECT_THAT(pages_.sale_list(std::vector<SaleCard>{{}}), Not(HasSubstr("<img")));
}

TEST_F(PagesTest, ListSaysWhenASaleBeginsAndEnds) {
  const Instant start = *parse_rfc3339("2026-11-22T08:00:00Z");
  const Instant end = *parse_rfc3339("2026-11-22T09:00:00Z");
  const std::vector<SaleCard> cards = {
      {ProductId{1}, "Lamp", SaleStatus::kUpcoming, 100, start, end},
      {ProductId{2}, "Vase", SaleStatus::kOn, 100, start, end},
  };
  const std::string html = pages_.sale_list(cards);
  EXPECT_THAT(html, HasSubstr("Starts <time datetime=\"2026-11-22T08:00:00.000Z\">"));
  EXPECT_THAT(html, HasSubstr("Until <time datetime=\"2026-11-22T09:00:00.000Z\">"));
  EXPECT_LT(html.find("Coming soon"), html.find("On sale now"));
  EXPECT_THAT(html, Not(HasSubstr("no sale at the moment")));
  EXPECT_THAT(pages_.sale_list({}), HasSubstr("no sale at the moment"));
}

TEST_F(PagesTest, ErrorsAndNoticesAppearOnlyWhenThereAreAny) {
  EXPECT_THAT(pages_.login({"t", "", "", ""}), Not(HasSubstr("role=\"alert\"")));
  EXPECT_THAT(pages_.login({"t", "Wrong.", "", ""}), HasSubstr("role=\"alert\">Wrong.<"));
  EXPECT_THAT(pages_.account({"t", "", "Changed."}), HasSubstr("role=\"status\">Changed.<"));
  EXPECT_THAT(pages_.login({"t", "", "", "/orders"}), HasSubstr("/user/register?next=/orders\""));
  EXPECT_THAT(pages_.registration({"t", "", "", ""}),
              HasSubstr("3 to 32 letters, digits, dots, dashes and underscores.</p>"));
}

TEST_F(PagesTest, OrdersLinkToOlderOnesOnlyIfThereAreAny) {
  const OrderRow row{OrderNumber{5}, ProductId{7}, "Lamp", 100, {}};
  EXPECT_THAT(pages_.orders({{row}, OrderNumber{5}}), HasSubstr("/orders?before=5"));
  EXPECT_THAT(pages_.orders({{row}, {}}), Not(HasSubstr("before=")));
  EXPECT_THAT(pages_.orders({{}, {}}), HasSubstr("You have no orders"));
}

TEST_F(PagesTest, PurchaseShowsItsOneState) {
  using State = PurchasePage::State;
  EXPECT_THAT(pages_.purchase({State::kSuccess, OrderNumber{9}, ""}), HasSubstr("/orders/9"));
  const std::string pending = pages_.purchase({State::kPending, {}, ""});
  EXPECT_THAT(pending, HasSubstr("on its way"));
  EXPECT_THAT(pending, HasSubstr("src=\"/static/js/pending.js\""));
  EXPECT_THAT(pages_.purchase({State::kFailed, {}, "Too late."}), HasSubstr("Too late."));
  EXPECT_THAT(pages_.purchase({State::kFailed, {}, ""}), Not(HasSubstr("/orders/")));
}

TEST_F(PagesTest, OnlyAPendingPurchaseComesAgainAndOnlyWithoutScript) {
  using State = PurchasePage::State;
  const char* const refresh = "<noscript><meta http-equiv=\"refresh\" content=\"2\"></noscript>";
  EXPECT_THAT(pages_.purchase({State::kPending, {}, ""}), HasSubstr(refresh));
  for (const std::string& html : every_page("plain")) {
    EXPECT_THAT(html, Not(HasSubstr("http-equiv=\"refresh\"")));
  }
}

// What keeps pages safe by construction: nothing unescaped, nothing inline, nothing from elsewhere.
TEST(Templates, HoldNothingUnescapedAndNothingInline) {
  for (const auto& file : embedded::templates()) {
    SCOPED_TRACE(file.path);
    const std::string text(file.bytes);
    EXPECT_THAT(text, Not(HasSubstr("{{{")));
    EXPECT_THAT(text, Not(HasSubstr("{{&")));
    EXPECT_THAT(text, Not(HasSubstr("style=")));
    EXPECT_THAT(text, Not(HasSubstr(" onclick")));
    EXPECT_THAT(text, Not(HasSubstr("http://")));
    EXPECT_THAT(text, Not(HasSubstr("https://")));
  }
}

TEST(FormatPrice, GroupsThousandsAndKeepsCents) {
  EXPECT_EQ(format_price(0), "$0.00");
  EXPECT_EQ(format_price(5), "$0.05");
  EXPECT_EQ(format_price(99999), "$999.99");
  EXPECT_EQ(format_price(100000), "$1,000.00");
  EXPECT_EQ(format_price(1'000'000'000'000), "$10,000,000,000.00");
}

TEST(FormatTime, IsForPeople) {
  EXPECT_EQ(format_time(*parse_rfc3339("2026-11-22T08:24:00.500Z")), "2026-11-22 08:24:00 UTC");
}

}  // namespace
}  // namespace stampede::views
