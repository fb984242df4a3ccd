// Requests that no honest client sends, byte by byte: each gets one clear refusal and no second
// meaning, and the server goes on.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <chrono>
#include <memory>

#include "tests/support/raw_connection.h"
#include "tests/support/shop.h"

namespace stampede::test_support {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kTooLong{17'408};  // 17 KiB; the limit on headers is 16

struct Case {
  std::string name;
  std::string bytes;
  int status;
};

std::vector<Case> malformed_requests() {
  const std::string get = "GET /time HTTP/1.1\r\n";
  const std::string host = "Host: 127.0.0.1\r\n";
  const std::string post = "POST /check?productID=1 HTTP/1.1\r\n" + host;
  return {
      {"two lengths", post + "Content-Length: 0\r\nContent-Length: 5\r\n\r\nhello", 400},
      {"two equal lengths", post + "Content-Length: 0\r\nContent-Length: 0\r\n\r\n", 400},
      {"a list of lengths", post + "Content-Length: 5, 5\r\n\r\nhello", 400},
      {"length and chunks",
       post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"chunks and length",
       post + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400},
      {"hexadecimal length", post + "Content-Length: 0x10\r\n\r\n", 400},
      {"signed length", post + "Content-Length: +5\r\n\r\nhello", 400},
      {"negative length", post + "Content-Length: -5\r\n\r\n", 400},
      {"length that overflows", post + "Content-Length: 18446744073709551617\r\n\r\n", 400},
      {"empty length", post + "Content-Length:\r\n\r\n", 400},
      {"unknown transfer coding", post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501},
      {"misspelt chunked", post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501},
      {"chunked twice",
       post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"bad chunk size", post + "Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n", 400},
      {"chunk longer than it says",
       post + "Transfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n0\r\n\r\n", 400},
      {"folded header", get + host + "X-Folded: one\r\n two\r\n\r\n", 400},
      {"space before the colon", get + host + "X-Spaced : one\r\n\r\n", 400},
      {"header without a colon", get + host + "nonsense\r\n\r\n", 400},
      {"header without a name", get + host + ": one\r\n\r\n", 400},
      {"NUL in a header", get + host + std::string("X-Nul: a\0b\r\n\r\n", 14), 400},
      {"control character in a header",
       get + host +
           "X-Bell: a\x07"
           "b\r\n\r\n",
       400},
      {"bare LF", "GET /time HTTP/1.1\nHost: 127.0.0.1\n\n", 400},
      {"bare LF in headers", get + host + "X-One: 1\nX-Two: 2\r\n\r\n", 400},
      {"bare CR in a header", get + host + "X-One: a\rb\r\n\r\n", 400},
      {"no host", get + "\r\n", 400},
      {"two hosts", get + host + "Host: other\r\n\r\n", 400},
      {"two equal hosts", get + host + host + "\r\n", 400},
      {"no version", "GET /time\r\n" + host + "\r\n", 400},
      {"unknown version", "GET /time HTTP/9.9\r\n" + host + "\r\n", 505},
      {"two spaces", "GET  /time HTTP/1.1\r\n" + host + "\r\n", 400},
      {"space in the target", "GET /ti me HTTP/1.1\r\n" + host + "\r\n", 505},
      {"method of other characters", "G@T( /time HTTP/1.1\r\n" + host + "\r\n", 400},
      {"TLS on a plain port",
       std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) + "\r\n\r\n", 400},
      {"headers over 16 KiB", get + host + "X-Long: " + std::string(kTooLong, 'x') + "\r\n\r\n",
       431},
      {"target over 16 KiB", "GET /" + std::string(kTooLong, 'x') + " HTTP/1.1\r\n" + host + "\r\n",
       431},
      {"body over its cap",
       "POST /user/login HTTP/1.1\r\n" + host + "Content-Length: 1048577\r\n\r\n", 413},
      {"chunked body over its cap",
       "POST /user/login HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n20000\r\n" +
           std::string(0x20000, 'x') + "\r\n0\r\n\r\n",
       413},
  };
}

class BadRequests : public testing::Test {
 protected:
  static void SetUpTestSuite() { shop_ = std::make_unique<Shop>(); }
  static void TearDownTestSuite() { shop_.reset(); }
  // NOLINTNEXTLINE(readability-identifier-naming): a member, if a static one
  inline static std::unique_ptr<Shop> shop_;
};

TEST_F(BadRequests, EachIsRefusedOnceAndTheConnectionClosed) {
  for (const Case& test : malformed_requests()) {
    SCOPED_TRACE(test.name);
    RawConnection connection(shop_->port());
    // What a smuggler hides behind the bad request must never be answered.
    connection.send(test.bytes + "GET /smuggled HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    const auto answer = connection.read_to_end();
    ASSERT_TRUE(answer.has_value()) << "the connection stays open";
    EXPECT_THAT(*answer, testing::StartsWith(fmt::format("HTTP/1.1 {} ", test.status)));
    EXPECT_EQ(answer->find("HTTP/1.1 404"), std::string::npos) << "answered twice: " << *answer;
  }
  EXPECT_EQ(Buyer(shop_->port()).get("/time").status, 200);
}

TEST_F(BadRequests, WellFormedOnesOfEveryShapeAreAnswered) {
  const std::string host = "Host: 127.0.0.1\r\n";
  for (const std::string& request : std::vector<std::string>{
           "GET /time HTTP/1.1\r\n" + host + "Connection: close\r\n\r\n",
           "GET /time HTTP/1.0\r\n" + host + "\r\n",
           "HEAD /time HTTP/1.1\r\n" + host + "Connection: close\r\n\r\n",
           "GET /time?a=%20 HTTP/1.1\r\nhost: 127.0.0.1\r\nCONNECTION: CLOSE\r\n\r\n",
           "GET /time HTTP/1.1\r\n" + host +
               "X-Empty:\r\nX-Tab:\ta\t\r\nConnection: close\r\n\r\n"}) {
    RawConnection connection(shop_->port());
    connection.send(request);
    const auto answer = connection.read_to_end();
    ASSERT_TRUE(answer.has_value()) << request;
    EXPECT_THAT(*answer, testing::ContainsRegex("^HTTP/1\\.[01] 200 ")) << request;
  }
}

TEST_F(BadRequests, AThousandPipelinedAreAnsweredInOrderOrClosed) {
  RawConnection connection(shop_->port());
  std::string requests;
  for (int i = 0; i < 1000; ++i) {
    requests += fmt::format("GET /product/{} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 100'000 + i);
  }
  requests += "GET /time HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
  connection.send(requests);
  const auto answers = connection.read_to_end();
  ASSERT_TRUE(answers.has_value());
  int not_found = 0;
  std::size_t at = 0;
  while ((at = answers->find("HTTP/1.1 404", at)) != std::string::npos) {
    ++not_found;
    ++at;
  }
  EXPECT_EQ(not_found, 1000);
  EXPECT_EQ(answers->rfind("HTTP/1.1 200"), answers->rfind("HTTP/1.1 "));
}

TEST_F(BadRequests, NoGetBuysAndUnknownPathsAreProblems) {
  Buyer buyer = shop_->buyer(1);
  const ProductId lamp = shop_->open_sale();
  const auto bought = buyer.send({.method = "GET",
                                  .target = fmt::format("/check?productID={}", lamp.value),
                                  .headers = {{"Idempotency-Key", fresh_key()}},
                                  .body = {}});
  EXPECT_EQ(bought.status, 405);
  EXPECT_EQ(bought.header("Allow"), "POST");
  EXPECT_EQ(buyer.get("/user/logout").status, 405);
  for (const char* path : {"/nothing", "/product/x", "/product/0", "/../etc/passwd",
                           "/assets/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "//"}) {
    EXPECT_EQ(buyer.get(path).status, 404) << path;
  }
  EXPECT_EQ(shop_->audited_orders(), 0);
}

TEST_F(BadRequests, CrossSiteFormsAreRefused) {
  const ProductId lamp = shop_->open_sale();
  Buyer buyer = shop_->buyer(2);
  const auto from = [&](const std::string& origin) {
    return buyer.send({.method = "POST",
                       .target = fmt::format("/check?productID={}", lamp.value),
                       .headers = {{"Idempotency-Key", fresh_key()}, {"Origin", origin}},
                       .body = {}});
  };
  for (const char* origin : {"http://evil.example", "null", "https://127.0.0.1"}) {
    const auto refused = from(origin);
    EXPECT_EQ(refused.status, 403) << origin;
    EXPECT_THAT(refused.body, testing::HasSubstr("bad-origin")) << origin;
  }
  // A form cannot set the header Idempotency-Key.
  const auto form = buyer.send({.method = "POST",
                                .target = fmt::format("/check?productID={}", lamp.value),
                                .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
                                .body = "key=" + fresh_key()});
  EXPECT_EQ(form.status, 400);
  // Login CSRF: a login form without the page's token.
  const auto login = buyer.send({.method = "POST",
                                 .target = "/user/login",
                                 .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
                                 .body = "name=mallory&password=correct+horse"});
  EXPECT_EQ(login.status, 403);
  const auto own = from(fmt::format("http://127.0.0.1:{}", shop_->port()));
  EXPECT_EQ(own.status, 201) << own.body;
}

TEST_F(BadRequests, HeadersOfUntrustedProxiesAreIgnored) {
  const ProductId lamp = shop_->open_sale();
  Buyer stranger(shop_->port());
  const auto answer = stranger.send({.method = "POST",
                                     .target = fmt::format("/check?productID={}", lamp.value),
                                     .headers = {{"Idempotency-Key", fresh_key()},
                                                 {"X-User-Id", "1"},
                                                 {"X-Forwarded-User", "1"},
                                                 {"Cookie", "uid=1"}},
                                     .body = {}});
  EXPECT_EQ(answer.status, 401);
  // A scheme that only a trusted proxy may claim: no Secure cookies, and no other origin.
  Buyer buyer = shop_->buyer(3);
  const auto origin = buyer.send({.method = "POST",
                                  .target = fmt::format("/check?productID={}", lamp.value),
                                  .headers = {{"Idempotency-Key", fresh_key()},
                                              {"X-Forwarded-Proto", "https"},
                                              {"X-Forwarded-Host", "evil.example"},
                                              {"Origin", "https://evil.example"}},
                                  .body = {}});
  EXPECT_EQ(origin.status, 403);
}

}  // namespace
}  // namespace stampede::test_support
