#include "controllers/console/catalog/products_controller.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/console/catalog/test_catalog.h"
#include "tests/support/drawn_pictures.h"

namespace stampede::controllers {
namespace {

using test_support::body_of;
using test_support::Fields;
using test_support::header_of;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class ProductsControllerTest : public testing::Test {
 protected:
  ProductsControllerTest() {
    controller_.add_routes(console_.router, console_.guard);
    console_.log_in();
  }
  /// As the page's script sends it.
  http::Response upload(const std::string& target, const std::string& content,
                        test_support::Headers headers = {}) {
    headers.emplace_back("Form-Token", console_.token(target));
    headers.emplace_back("Content-Type", "application/octet-stream");
    return browser_.post(target, content, headers);
  }

  TestCatalog shop_;
  TestConsole& console_ = shop_.console;
  ProductsController controller_{{shop_.catalog, shop_.pictures, shop_.overview, shop_.operations,
                                  console_.journal, console_.pages, shop_.pages}};
  test_support::Visitor& browser_ = console_.browser;
};

TEST_F(ProductsControllerTest, ANewProductIsThereAndJournaled) {
  EXPECT_THAT(console_.html("/products"), HasSubstr("There is no product yet"));
  const auto response =
      console_.post("/products/new",
                    {{"name", "Fox"}, {"description", "one\r\n\r\ntwo"}, {"list_price", "129.50"}});
  EXPECT_EQ(response.status, 303) << body_of(response);
  EXPECT_EQ(header_of(response, "Location"), "/products/1?done=added");
  const auto product = shop_.catalog.product({1});
  ASSERT_TRUE(product);
  EXPECT_EQ(product->name, "Fox");
  EXPECT_EQ(product->description, "one\n\ntwo");
  EXPECT_EQ(product->list_price_cents, 12'950);
  EXPECT_THAT(shop_.changes(), ElementsAre("console:olga product add, product 1"));
  EXPECT_THAT(console_.html("/products"), HasSubstr("href=\"/products/1\">Fox</a>"));
  EXPECT_THAT(console_.html("/products/1?done=added"), HasSubstr("The product is there."));
  EXPECT_THAT(console_.html("/products/1"), HasSubstr("value=\"129.50\""));
}

TEST_F(ProductsControllerTest, AFormThatIsSentTwiceAddsOneProduct) {
  const std::string html = console_.html("/products/new");
  const std::string field = "name=\"key\" value=\"";
  const std::string key = html.substr(html.find(field) + field.size(), 37);
  const test_support::Fields form{
      {"name", "Fox"}, {"description", ""}, {"list_price", ""}, {"key", key}};
  const auto location = header_of(console_.post("/products/new", form), "Location");
  EXPECT_EQ(location, "/products/1?done=added");
  EXPECT_EQ(header_of(console_.post("/products/new", form), "Location"), location);
  EXPECT_EQ(shop_.catalog.products().size(), 1U);
  EXPECT_EQ(shop_.changes().size(), 1U);
  EXPECT_NE(console_.html("/products/new").find(field), std::string::npos);
  EXPECT_EQ(console_.html("/products/new").find(key), std::string::npos) << "the next form is new";
}

TEST_F(ProductsControllerTest, WhatIsWrongIsSaidAndWhatWasTypedStays) {
  const auto product = shop_.product();
  for (const char* target : {"/products/new", "/products/1"}) {
    const std::pair<Fields, const char*> rows[] = {
        {{{"name", " "}, {"description", "kept"}}, "name: &quot; &quot; is blank"},
        {{{"name", "x"}, {"description", "kept"}, {"list_price", "12,50"}},
         "list price: &quot;12,50&quot; is not an amount"},
        {{{"name", "\xff"}, {"description", "kept"}}, "is not valid UTF-8"},
        {{{"name", std::string(201, 'x')}, {"description", "kept"}}, "name: 201 bytes long"},
    };
    for (const auto& [fields, says] : rows) {
      const auto refused = console_.post(target, fields);
      EXPECT_EQ(refused.status, 422);
      const std::string page(body_of(refused));
      EXPECT_THAT(page, AllOf(HasSubstr("role=\"alert\""), HasSubstr(says), HasSubstr("kept")));
    }
  }
  EXPECT_THAT(
      std::string(body_of(console_.post("/products/1", {{"name", "x"}, {"list_price", "1e3"}}))),
      HasSubstr("name=\"list_price\" value=\"1e3\""));
  EXPECT_EQ(shop_.catalog.product(product)->name, "Fox");
  EXPECT_EQ(shop_.catalog.products().size(), 1U);
  EXPECT_THAT(shop_.changes(), IsEmpty());
}

TEST_F(ProductsControllerTest, FactsAreChanged) {
  const auto product = shop_.product();
  const auto response =
      console_.post("/products/1", {{"name", "Wolf"}, {"description", ""}, {"list_price", ""}});
  EXPECT_EQ(header_of(response, "Location"), "/products/1?done=changed");
  EXPECT_EQ(shop_.catalog.product(product)->name, "Wolf");
  EXPECT_THAT(shop_.changes(), ElementsAre("console:olga product change, product 1"));
}

TEST_F(ProductsControllerTest, MarkupIsText) {
  console_.post("/products/new", {{"name", kMarkup}, {"description", kMarkup}});
  ASSERT_EQ(upload("/products/1/pictures?alt=" + test_support::Visitor::encode(kMarkup),
                   test_support::drawn_png(9, 9))
                .status,
            201);
  shop_.sale({1});
  for (const auto& page :
       {console_.html("/products"), console_.html("/products/1"),
        std::string(body_of(
            console_.post("/products/new",
                          {{"name", kMarkup}, {"description", kMarkup}, {"list_price", kMarkup}}))),
        std::string(body_of(console_.post(
            "/products/1",
            {{"name", kMarkup}, {"description", kMarkup}, {"list_price", kMarkup}})))}) {
    EXPECT_THAT(page, Not(HasSubstr("<script>alert")));
    EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(1)"));
  }
}

TEST_F(ProductsControllerTest, APictureIsAddedServedAndRemoved) {
  shop_.product();
  const std::string content = test_support::drawn_png(64, 48);
  const auto added = upload("/products/1/pictures?alt=A%20fox", content);
  ASSERT_EQ(added.status, 201) << body_of(added);
  const auto picture = shop_.catalog.product({1})->pictures.at(0);
  EXPECT_EQ(picture.alt, "A fox");
  EXPECT_THAT(std::string(body_of(added)),
              HasSubstr("{\"id\":1,\"name\":\"" + picture.name + "\"}"));
  EXPECT_THAT(console_.html("/products/1"),
              HasSubstr("<img src=\"/pictures/" + picture.name +
                        "\" alt=\"A fox\" width=\"64\" height=\"48\""));
  const auto served = browser_.get("/pictures/" + picture.name);
  EXPECT_EQ(served.status, 200);
  EXPECT_EQ(served.content_type, "image/jpeg");
  EXPECT_EQ(body_of(served).size(), picture.bytes);

  const auto removed = console_.post("/products/1/pictures/1/remove", {});
  EXPECT_EQ(header_of(removed, "Location"), "/products/1?done=removed");
  EXPECT_THAT(shop_.catalog.product({1})->pictures, IsEmpty());
  EXPECT_EQ(console_.post("/products/1/pictures/1/remove", {}).status, 404);
  EXPECT_THAT(shop_.changes(),
              ElementsAre("console:olga product picture add, product 1: picture " + picture.name,
                          "console:olga product picture remove, product 1: picture 1"));
}

TEST_F(ProductsControllerTest, WhatIsNoPictureIsRefusedWithASentence) {
  shop_.product();
  const auto refused = upload("/products/1/pictures", "<svg onload=alert(1)>");
  EXPECT_EQ(refused.status, 422);
  EXPECT_THAT(std::string(body_of(refused)),
              AllOf(HasSubstr("#picture-refused\""), HasSubstr("neither PNG, JPEG nor WebP")));
  EXPECT_EQ(upload("/products/7/pictures", test_support::drawn_png(9, 9)).status, 422);
  EXPECT_EQ(upload("/products/x/pictures", test_support::drawn_png(9, 9)).status, 404);
  EXPECT_THAT(shop_.changes(), IsEmpty());
}

TEST_F(ProductsControllerTest, APictureFromAnotherOriginOrWithoutOurTokenIsRefused) {
  shop_.product();
  const std::string content = test_support::drawn_png(9, 9);
  EXPECT_EQ(upload("/products/1/pictures", content, {{"Origin", "http://evil.example"}}).status,
            403);
  EXPECT_EQ(browser_.post("/products/1/pictures", content).status, 403);
  EXPECT_EQ(browser_.post("/products/1/pictures", content, {{"Form-Token", "made-up"}}).status,
            403);
  browser_.cookies.erase("operator");
  EXPECT_EQ(upload("/products/1/pictures", content).status, 401);
  EXPECT_THAT(shop_.catalog.product({1})->pictures, IsEmpty());
}

TEST_F(ProductsControllerTest, UnknownProductsAreNotFound) {
  for (const char* target : {"/products/9", "/products/0", "/products/x"}) {
    EXPECT_EQ(browser_.get(target).status, 404) << target;
    EXPECT_EQ(console_.post(target, {{"name", "x"}}).status, 404) << target;
  }
}

TEST_F(ProductsControllerTest, WithoutALoginNothingAnswers) {
  shop_.product();
  upload("/products/1/pictures", test_support::drawn_png(9, 9));
  const std::string picture = shop_.catalog.product({1})->pictures.at(0).name;
  browser_.cookies.erase("operator");
  for (const std::string& target : {std::string("/products"), std::string("/products/new"),
                                    std::string("/products/1"), "/pictures/" + picture}) {
    EXPECT_EQ(browser_.get(target).status, 401) << target;
  }
  for (const char* target : {"/products/new", "/products/1", "/products/1/pictures/1/remove"}) {
    EXPECT_EQ(console_.post(target, {{"name", "x"}}).status, 401) << target;
  }
  EXPECT_EQ(shop_.catalog.product({1})->name, "Fox");
  EXPECT_EQ(shop_.catalog.product({1})->pictures.size(), 1U);
}

}  // namespace
}  // namespace stampede::controllers
