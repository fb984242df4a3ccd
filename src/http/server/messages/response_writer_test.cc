#include "http/server/messages/response_writer.h"

#include <gmock/gmock.h>

namespace stampede::http {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(ResponseWriter, WritesAWholeResponse) {
  ResponseWriter writer;
  Response response = json(201, "{}");
  response.with("Location", "/orders/5");
  writer.write(std::move(response), {.common = "Date: now\r\n"});
  EXPECT_EQ(writer.head_left(),
            "HTTP/1.1 201 Created\r\nDate: now\r\nContent-Type: application/json\r\n"
            "Content-Length: 2\r\nLocation: /orders/5\r\n"
            "X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n\r\n{}");
  writer.sent(writer.head_left().size());
  EXPECT_TRUE(writer.empty());
}

TEST(ResponseWriter, NothingIsKeptThatDoesNotSaySo) {
  ResponseWriter writer;
  writer.write(std::move(json(200, "{}").with("Cache-Control", "public, max-age=1")), {});
  EXPECT_THAT(std::string(writer.head_left()), HasSubstr("Cache-Control: public, max-age=1\r\n"));
  EXPECT_THAT(std::string(writer.head_left()), Not(HasSubstr("no-store")));
  writer.sent(writer.head_left().size());
  writer.write(problem(404, "not-found", ""), {});
  EXPECT_THAT(std::string(writer.head_left()), HasSubstr("Cache-Control: no-store\r\n"));
  EXPECT_THAT(std::string(writer.head_left()), HasSubstr("X-Content-Type-Options: nosniff\r\n"));
}

TEST(ResponseWriter, Every401HasOneChallenge) {
  const auto written = [](Response response) {
    ResponseWriter writer;
    writer.write(std::move(response), {});
    return std::string(writer.head_left());
  };
  EXPECT_THAT(written(html(401, "")), HasSubstr("WWW-Authenticate: Cookie realm=\"stampede\"\r\n"));
  EXPECT_THAT(written(html(403, "")), Not(HasSubstr("WWW-Authenticate")));
  const auto own = written(std::move(html(401, "").with("WWW-Authenticate", "Basic")));
  EXPECT_THAT(own, HasSubstr("WWW-Authenticate: Basic\r\n"));
  EXPECT_THAT(own, Not(HasSubstr("Cookie realm")));
}

TEST(ResponseWriter, AHeaderCannotEndItsLine) {
  ResponseWriter writer;
  writer.write(see_other(std::string("/a\r\nSet-Cookie: x\0", 17)), {});
  EXPECT_THAT(std::string(writer.head_left()), HasSubstr("Location: /aSet-Cookie: x\r\n"));
}

TEST(ResponseWriter, HeadKeepsTheLengthOnly) {
  ResponseWriter writer;
  writer.write(html(200, "hello"), {.head_only = true});
  EXPECT_THAT(std::string(writer.head_left()), HasSubstr("Content-Length: 5\r\n"));
  EXPECT_TRUE(writer.head_left().ends_with("\r\n\r\n"));
}

TEST(ResponseWriter, NotModifiedHasNeitherBodyNorLength) {
  ResponseWriter writer;
  Response response;
  response.status = 304;
  writer.write(std::move(response), {});
  EXPECT_THAT(std::string(writer.head_left()), Not(HasSubstr("Content-Length")));
}

TEST(ResponseWriter, SendsALargeBodyFromWhereItLies) {
  const auto body = std::make_shared<const std::string>(100'000, 'x');
  ResponseWriter writer;
  Response response;
  response.shared_body = body;
  writer.write(std::move(response), {});
  EXPECT_TRUE(writer.full());
  EXPECT_EQ(writer.body_left().data(), body->data());
  writer.sent(writer.head_left().size() + 40'000);
  EXPECT_EQ(writer.head_left(), "");
  EXPECT_EQ(writer.body_left().size(), 60'000U);
  writer.sent(60'000);
  EXPECT_TRUE(writer.empty());
  EXPECT_FALSE(writer.full());
}

}  // namespace
}  // namespace stampede::http
