#include "controllers/shop/catalog_controller.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "tests/support/visitor.h"

namespace stampede::controllers {
namespace {

using services::purchase::SaleView;
using test_support::body_of;
using test_support::header_of;
using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class CatalogControllerTest : public testing::Test {
 protected:
  CatalogControllerTest() {
    shared_pages_.load({{ProductId{7}, "Lamp", "Bright.", {}},
                        {ProductId{8}, "<script>x</script>", "</p><script>", {}}});
    views_[ProductId{7}] = view(SaleId{1}, ProductId{7});
    controller_.add_routes(router_);
  }

  SaleView view(SaleId sale, ProductId product, SaleStatus status = SaleStatus::kOn) const {
    SaleView view;
    view.status = status;
    view.sale.id = sale;
    view.sale.product = product;
    view.sale.price_cents = 1999;
    view.sale.per_buyer_limit = 2;
    view.sale.starts_at = now_.wall - std::chrono::hours{1};
    return view;
  }

  CurrentSales live_sales() {
    return {[this](ProductId id, Now) -> std::optional<SaleView> {
              const auto found = views_.find(id);
              return found == views_.end() ? std::nullopt : std::optional(found->second);
            },
            [this](Now) {
              std::vector<SaleView> all;
              for (const auto& [id, view] : views_) all.push_back(view);
              return all;
            }};
  }

  Now now_{*parse_rfc3339("2026-11-22T08:24:00.125Z"), Tick{std::chrono::hours{1}}};
  std::map<ProductId, SaleView> views_;
  views::Pages pages_{[](std::string_view path) { return "/static/" + std::string(path); }};
  SharedPages shared_pages_{pages_};
  services::admission::FairBucket bucket_{{.rate = 1, .burst = 3}};
  CatalogController controller_{{live_sales(), shared_pages_, bucket_, pages_},
                                [this] { return now_; }};
  http::Router router_;
  test_support::Visitor visitor_{router_};
};

TEST_F(CatalogControllerTest, ProductIsOneCacheableDocumentWithStrictHeaders) {
  const auto response = visitor_.get("/product/7");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "text/html; charset=utf-8");
  EXPECT_THAT(std::string(body_of(response)), HasSubstr("$19.99"));
  EXPECT_EQ(header_of(response, "Cache-Control"), "public, max-age=5");
  EXPECT_EQ(header_of(response, "Content-Security-Policy"),
            "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src "
            "'self' blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
            "frame-ancestors 'none'");
  EXPECT_EQ(header_of(response, "Referrer-Policy"), "same-origin");
  EXPECT_THAT(header_of(response, "Set-Cookie"), IsEmpty());

  visitor_.cookies["uid"] = "5";
  EXPECT_EQ(visitor_.get("/product/7").shared_body, response.shared_body) << "not built again";
}

TEST_F(CatalogControllerTest, OnlyAProductsPageMayLoadTheChallengeOfAnother) {
  const std::string source = "https://provider.example";
  CatalogController controller(
      {live_sales(), shared_pages_, bucket_, pages_,
       content_security_policy(
           {.scripts = source, .frames = source, .connections = source, .styles = {}})},
      [this] { return now_; });
  http::Router router;
  controller.add_routes(router);
  test_support::Visitor visitor(router);
  EXPECT_EQ(header_of(visitor.get("/product/7"), "Content-Security-Policy"),
            "default-src 'none'; script-src 'self' https://provider.example; worker-src 'self'; "
            "style-src 'self'; img-src 'self' blob:; connect-src 'self' https://provider.example; "
            "frame-src https://provider.example; form-action 'self'; base-uri 'none'; "
            "frame-ancestors 'none'");
  EXPECT_EQ(header_of(visitor.get("/"), "Content-Security-Policy"), content_security_policy());
}

TEST_F(CatalogControllerTest, ProductAnswers304ToItsOwnTagOnly) {
  const std::string etag = header_of(visitor_.get("/product/7"), "ETag");
  ASSERT_TRUE(etag.starts_with('"') && etag.ends_with('"')) << etag;
  const auto same = visitor_.get("/product/7", {{"If-None-Match", "\"other\", W/" + etag}});
  EXPECT_EQ(same.status, 304);
  EXPECT_THAT(body_of(same), IsEmpty());
  EXPECT_EQ(header_of(same, "ETag"), etag);
  EXPECT_EQ(visitor_.get("/product/7", {{"If-None-Match", "\"other\""}}).status, 200);
}

TEST_F(CatalogControllerTest, ProductIsBuiltAgainWhenItsSaleOrTheProductChanges) {
  const std::string first = header_of(visitor_.get("/product/7"), "ETag");
  views_[ProductId{7}].sale.price_cents = 2500;
  const auto dearer = visitor_.get("/product/7");
  EXPECT_THAT(std::string(body_of(dearer)), HasSubstr("$25.00"));
  EXPECT_NE(header_of(dearer, "ETag"), first);
  shared_pages_.load({{ProductId{7}, "Lantern", "Bright.", {}}});
  EXPECT_THAT(std::string(body_of(visitor_.get("/product/7"))), HasSubstr("Lantern"));
}

TEST_F(CatalogControllerTest, PicturesListPriceAndCaptchaAreShownAsSoonAsTheyChange) {
  Product lamp{ProductId{7}, "Lamp", "Bright.", {}};
  lamp.list_price_cents = 2999;
  lamp.pictures = {{PictureId{1}, "00c0ffee.png", 640, 480, 1000, "A lamp"}};
  ASSERT_EQ(visitor_.get("/product/7").status, 200);
  ASSERT_EQ(visitor_.get("/").status, 200);
  shared_pages_.load({lamp});
  for (const char* page : {"/product/7", "/"}) {
    const std::string html(body_of(visitor_.get(page)));
    EXPECT_THAT(html, HasSubstr("$29.99</s>")) << page;
    EXPECT_THAT(html, HasSubstr("src=\"/pictures/00c0ffee.png\"")) << page;
  }
  views_[ProductId{7}].sale.captcha = false;
  EXPECT_THAT(std::string(body_of(visitor_.get("/product/7"))),
              HasSubstr("id=\"captcha\" disabled hidden"));
}

TEST_F(CatalogControllerTest, StatusAloneLeavesTheDocumentAsItIs) {
  const auto before = visitor_.get("/product/7");
  views_[ProductId{7}].status = SaleStatus::kSoldOut;
  EXPECT_EQ(visitor_.get("/product/7").shared_body, before.shared_body);
}

TEST_F(CatalogControllerTest, ProductWithoutASaleHasAPageButNoState) {
  const auto response = visitor_.get("/product/8");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(std::string(body_of(response)), HasSubstr("not on sale"));
  EXPECT_EQ(visitor_.get("/product/8/state").status, 404);
}

TEST_F(CatalogControllerTest, EmptyBucketAnswersBusyAndFillsAgain) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(visitor_.get("/product/7").status, 200);
  const auto busy = visitor_.get("/product/7");
  EXPECT_EQ(busy.status, 429);
  const std::string wait = header_of(busy, "Retry-After");
  EXPECT_THAT(wait, AnyOf("1", "2")) << "some of them a second later";
  EXPECT_EQ(header_of(busy, "Cache-Control"), "no-store");
  EXPECT_THAT(std::string(body_of(busy)),
              AllOf(HasSubstr("A great many people"), HasSubstr("asks again by itself in " + wait),
                    HasSubstr("<meta http-equiv=\"refresh\" content=\"" + wait + "\">")));
  const auto json = visitor_.get("/product/7", {{"Accept", "application/json"}});
  EXPECT_THAT(std::string(body_of(json)), HasSubstr("#busy\""));
  std::set<std::shared_ptr<const std::string>> built;
  for (int i = 0; i < 100; ++i) built.insert(visitor_.get("/product/7").shared_body);
  EXPECT_LE(built.size(), 32U) << "one page for each second, however many are refused";
  EXPECT_EQ(built.count(nullptr), 0U);

  EXPECT_EQ(visitor_.get("/product/7/state").status, 200) << "the state is outside the bucket";
  EXPECT_EQ(visitor_.get("/").status, 200);
  now_.tick += std::chrono::seconds{1};
  EXPECT_EQ(visitor_.get("/product/7").status, 200);
}

TEST_F(CatalogControllerTest, UnknownProductsAreRefused) {
  for (const char* id : {"9", "0", "-1", "01", "+7", "7x", "%37", "9223372036854775808", "1e3"}) {
    now_.tick += std::chrono::seconds{1};
    const std::string target = std::string("/product/") + id;
    EXPECT_EQ(visitor_.get(target).status, 404) << target;
    const auto state = visitor_.get(target + "/state");
    EXPECT_EQ(state.status, 404) << target;
    EXPECT_THAT(std::string(body_of(state)), HasSubstr("#unknown-product\""));
  }
}

TEST_F(CatalogControllerTest, StateTellsWhatThePageNeeds) {
  views_[ProductId{7}].sale.ends_at = now_.wall + std::chrono::hours{1};
  const auto response = visitor_.get("/product/7/state");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "application/json");
  EXPECT_EQ(header_of(response, "Cache-Control"), "public, max-age=1");
  EXPECT_EQ(boost::json::parse(body_of(response)), boost::json::parse(R"({
    "status": "on", "sale": 1, "starts_at": "2026-11-22T07:24:00.125Z",
    "ends_at": "2026-11-22T09:24:00.125Z", "price_cents": 1999, "limit": 2, "captcha": true,
    "poll_after_ms": 5000})"));

  views_[ProductId{7}] = view(SaleId{1}, ProductId{7}, SaleStatus::kSoldOut);
  const auto sold_out = boost::json::parse(body_of(visitor_.get("/product/7/state")));
  EXPECT_EQ(sold_out.at("status"), "sold_out");
  EXPECT_TRUE(sold_out.at("ends_at").is_null());
  EXPECT_TRUE(sold_out.at("poll_after_ms").is_null()) << "nobody asks again";
}

TEST_F(CatalogControllerTest, TimeIsTheServersClockAndNeverStored) {
  const auto response = visitor_.get("/time");
  EXPECT_EQ(header_of(response, "Cache-Control"), "no-store");
  EXPECT_EQ(
      boost::json::parse(body_of(response)),
      boost::json::parse(R"({"now": "2026-11-22T08:24:00.125Z", "epoch_ms": 1795335840125})"));
}

TEST_F(CatalogControllerTest, ListShowsSalesInOrderAndFollowsTheirStatus) {
  views_[ProductId{8}] = view(SaleId{2}, ProductId{8}, SaleStatus::kUpcoming);
  views_[ProductId{99}] = view(SaleId{3}, ProductId{99});  // its product is not loaded yet
  const auto first = visitor_.get("/");
  EXPECT_EQ(header_of(first, "Cache-Control"), "public, max-age=1");
  const std::string html(body_of(first));
  EXPECT_LT(html.find("/product/7"), html.find("/product/8"));
  EXPECT_THAT(html, Not(HasSubstr("/product/99")));
  EXPECT_EQ(visitor_.get("/").shared_body, first.shared_body) << "not built again";

  views_[ProductId{7}].status = SaleStatus::kEnded;
  views_[ProductId{8}].status = SaleStatus::kOn;
  const std::string later(body_of(visitor_.get("/")));
  EXPECT_LT(later.find("/product/8"), later.find("/product/7"));
}

TEST_F(CatalogControllerTest, ScriptInAProductIsText) {
  views_[ProductId{8}] = view(SaleId{2}, ProductId{8});
  for (const char* target : {"/", "/product/8"}) {
    const std::string html(body_of(visitor_.get(target)));
    EXPECT_THAT(html, HasSubstr("&lt;script&gt;x&lt;/script&gt;")) << target;
    EXPECT_THAT(html, Not(HasSubstr("<script>"))) << target;
  }
}

TEST_F(CatalogControllerTest, UnknownPathsGetAPageOrAProblem) {
  const auto page = visitor_.get("/nowhere");
  EXPECT_EQ(page.status, 404);
  EXPECT_EQ(page.content_type, "text/html; charset=utf-8");
  const auto problem = visitor_.get("/nowhere", {{"Accept", "application/json"}});
  EXPECT_EQ(problem.content_type, "application/problem+json");
  EXPECT_EQ(visitor_.post("/product/7", "").status, 405);
}

}  // namespace
}  // namespace stampede::controllers
