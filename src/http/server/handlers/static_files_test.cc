#include "http/server/handlers/static_files.h"

#include <gmock/gmock.h>

#include "http/client/client.h"
#include "http/server/test_server.h"

namespace stampede::http {
namespace {

class StaticFilesTest : public ::testing::Test {
 protected:
  StaticFilesTest() {
    files_.add("/static/shop.css", "a{}", StaticFiles::Kept::kWithAsking);
    files_.add("/static/0f31c6a2/shop.js", "1;", StaticFiles::Kept::kForGood);
    files_.mount(test_.router);
    test_.server->start();
  }
  ClientResponse get(std::string target, std::string if_none_match = "",
                     std::string method = "GET") {
    ClientRequest request{.method = method, .target = target, .headers = {}, .body = {}};
    if (!if_none_match.empty()) {
      request.headers.emplace_back("If-None-Match", if_none_match);
    }
    return client_.send(request).value();
  }

  StaticFiles files_;
  testing::TestServer test_;
  Client client_{"127.0.0.1", test_.port()};
};

TEST_F(StaticFilesTest, ServesBytesWithTypeTagAndCaching) {
  const auto css = get("/static/shop.css");
  EXPECT_EQ(css.status, 200);
  EXPECT_EQ(css.body, "a{}");
  EXPECT_EQ(css.header("content-type"), "text/css; charset=utf-8");
  EXPECT_EQ(css.header("etag"), entity_tag("a{}"));
  EXPECT_EQ(css.header("cache-control"), "no-cache");
  EXPECT_EQ(css.header("x-content-type-options"), "nosniff");
  EXPECT_EQ(get("/static/0f31c6a2/shop.js").header("cache-control"),
            "public, max-age=31536000, immutable");
}

TEST_F(StaticFilesTest, AKnownTagIsNotModified) {
  const std::string tag = entity_tag("a{}");
  for (const std::string& listed : {tag, "W/" + tag, "\"other\", " + tag, std::string("*")}) {
    const auto response = get("/static/shop.css", listed);
    EXPECT_EQ(response.status, 304) << listed;
    EXPECT_EQ(response.body, "");
    EXPECT_EQ(response.header("etag"), tag);
    EXPECT_EQ(response.header("cache-control"), "no-cache");
  }
  EXPECT_EQ(get("/static/shop.css", "\"other\"").status, 200);
}

TEST_F(StaticFilesTest, HeadHasNoBody) {
  const auto response = get("/static/shop.css", "", "HEAD");
  EXPECT_EQ(response.header("content-length"), "3");
  EXPECT_EQ(response.body, "");
}

TEST(StaticFiles, TagsTellContentsApart) {
  EXPECT_EQ(entity_tag("a"), entity_tag("a"));
  EXPECT_NE(entity_tag("a"), entity_tag("b"));
  EXPECT_NE(entity_tag(""), entity_tag(std::string_view("\0", 1)));
}

TEST(StaticFiles, AnUnknownEndingIsAnError) {
  StaticFiles files;
  EXPECT_THROW(files.add("/static/shop.exe", "x", StaticFiles::Kept::kForGood),
               std::invalid_argument);
}

}  // namespace
}  // namespace stampede::http
