#include "http/message.h"

#include <gmock/gmock.h>

#include "http/text.h"

namespace stampede::http {
namespace {

using ::testing::HasSubstr;

Request with_headers(std::vector<std::pair<std::string_view, std::string_view>> headers) {
  Request request;
  request.headers = std::move(headers);
  return request;
}

TEST(Request, HeaderNamesHaveNoCaseAndTheFirstCounts) {
  const auto request = with_headers({{"hOST", "a"}, {"Host", "b"}});
  EXPECT_EQ(request.header("host"), "a");
  EXPECT_EQ(request.header("HOSTS"), "");
}

TEST(Request, FindsACookieByItsWholeName) {
  const auto request =
      with_headers({{"Cookie", "resign=x; sign=abc=; uid=7"}, {"cookie", "node=n1"}});
  EXPECT_EQ(request.cookie("sign"), "abc=");
  EXPECT_EQ(request.cookie("uid"), "7");
  EXPECT_EQ(request.cookie("node"), "n1");
  EXPECT_EQ(request.cookie("sig"), "");
}

TEST(Request, DecodesQueryParameters) {
  Request request;
  request.query = "productID=1&name=caf%C3%A9+au&flag&bad=%4&%6Bey=v&name=second";
  EXPECT_EQ(request.query_parameter("productID"), "1");
  EXPECT_EQ(request.query_parameter("name"), "caf\xC3\xA9 au");
  EXPECT_EQ(request.query_parameter("flag"), "");
  EXPECT_EQ(request.query_parameter("key"), "v");
  EXPECT_EQ(request.query_parameter("bad"), std::nullopt);
  EXPECT_EQ(request.query_parameter("product"), std::nullopt);
}

TEST(Request, FormFieldsNeedAFormsContentType) {
  Request request =
      with_headers({{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}});
  request.body = "name=A%26B&password=a+b%2B";
  EXPECT_EQ(request.form_field("name"), "A&B");
  EXPECT_EQ(request.form_field("password"), "a b+");
  request.headers[0].second = "text/plain";
  EXPECT_EQ(request.form_field("name"), std::nullopt);
}

TEST(Request, PrefersJsonOnlyIfAcceptDoes) {
  const auto wants = [](std::string_view accept) {
    return with_headers({{"Accept", accept}}).wants_json();
  };
  EXPECT_TRUE(wants("application/json"));
  EXPECT_TRUE(wants("text/html;q=0.5, application/json;q=0.9"));
  EXPECT_TRUE(wants("application/*, text/html;q=0.8"));
  EXPECT_TRUE(wants("*/*, text/html;q=0"));
  EXPECT_FALSE(wants("*/*"));
  EXPECT_FALSE(wants("text/html,application/xhtml+xml,*/*;q=0.8"));
  EXPECT_FALSE(wants("application/json;q=0.1, */*"));
  EXPECT_FALSE(wants(""));
}

TEST(Request, KnowsItsOwnOrigin) {
  Request request = with_headers({{"Host", "shop.example:8082"}});
  EXPECT_EQ(request.own_origin(), "http://shop.example:8082");
  request.secure = true;
  EXPECT_EQ(request.own_origin(), "https://shop.example:8082");
}

TEST(Response, AProblemIsEscapedJson) {
  const Response response = problem(409, "limit-reached", "say \"no\"\n", "\"orders\":[5]");
  EXPECT_EQ(response.status, 409);
  EXPECT_EQ(response.content_type, "application/problem+json");
  EXPECT_EQ(response.body,
            "{\"type\":\"/openapi.json#limit-reached\",\"title\":\"Conflict\",\"status\":409,"
            "\"detail\":\"say \\\"no\\\"\\u000a\",\"orders\":[5]}");
}

TEST(Response, RetryAfterIsRoundedUp) {
  EXPECT_EQ(retry_after_seconds(-5), "1");
  EXPECT_EQ(retry_after_seconds(0), "1");
  EXPECT_EQ(retry_after_seconds(1000), "1");
  EXPECT_EQ(retry_after_seconds(1001), "2");
}

}  // namespace
}  // namespace stampede::http
