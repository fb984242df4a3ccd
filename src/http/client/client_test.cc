#include "http/client/client.h"

#include <gmock/gmock.h>

#include <thread>

#include "http/client/test_peer.h"
#include "http/server/test_server.h"

namespace stampede::http {
namespace {

using testing::eventually;
using ::testing::HasSubstr;
using testing::TestServer;

TEST(Client, SendsAndReceives) {
  TestServer test;
  test.router.get("/cookies", [](Request& request, Responder respond) {
    Response response = html(200, std::string(request.cookie("uid")) + " " + request.own_origin());
    response.with("Set-Cookie", "sign=a.b-c; Path=/; HttpOnly").with("Set-Cookie", "uid=7");
    respond(std::move(response));
  });
  test.server->start();
  Client client("127.0.0.1", test.port());
  const auto response = client.send(
      {.method = "GET", .target = "/cookies", .headers = {{"Cookie", "uid=5"}}, .body = {}});
  ASSERT_TRUE(response) << response.error();
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "5 " + test.server->url());
  EXPECT_EQ(response->cookie("sign"), "a.b-c");
  EXPECT_EQ(response->cookie("uid"), "7");
  EXPECT_EQ(response->cookie("node"), "");
  EXPECT_EQ(response->header("CONTENT-TYPE"), "text/html; charset=utf-8");

  const auto echoed =
      client.send({.method = "POST", .target = "/echo", .headers = {}, .body = "hello"});
  ASSERT_TRUE(echoed) << echoed.error();
  EXPECT_EQ(echoed->body, "hello");
  EXPECT_EQ(test.server->statistics().connections_accepted, 1U);
}

TEST(Client, ConnectsAgainAfterTheServerClosed) {
  TestServer test({.idle_time = std::chrono::milliseconds{20}});
  test.server->start();
  Client client("127.0.0.1", test.port());
  for (int i = 0; i < 2; ++i) {
    const auto response =
        client.send({.method = "GET", .target = "/hello", .headers = {}, .body = {}});
    ASSERT_TRUE(response) << response.error();
    EXPECT_EQ(response->body, "hello");
    ASSERT_TRUE(eventually([&] { return test.server->statistics().connections_open == 0; }));
  }
  EXPECT_EQ(test.server->statistics().connections_accepted, 2U);
}

TEST(Client, TakesNothingForAnAnswerThatCameBeforeItsRequest) {
  testing::ScriptedPeer peer;
  std::thread server([&] {
    auto first = peer.accept();
    first.request();
    first.send(
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst"
        "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged");
    auto second = peer.accept();
    second.request();
    second.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecond");
  });
  Client client("127.0.0.1", peer.port());
  const auto first = client.send({});
  const auto second = client.send({});
  server.join();
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->body, "first");
  EXPECT_EQ(second->body, "second");
}

TEST(Client, SaysWhatWentWrong) {
  std::uint16_t port = 0;
  {
    const TestServer gone;
    port = gone.port();
  }
  Client client("127.0.0.1", port);
  const auto refused = client.send({});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), "connect 127.0.0.1:" + std::to_string(port) + ": Connection refused");
}

TEST(Client, GivesUpAtItsTimeout) {
  TestServer test;
  test.server->start();
  Client client("127.0.0.1", test.port(), std::chrono::milliseconds{50});
  const auto response =
      client.send({.method = "GET", .target = "/later", .headers = {}, .body = {}});
  ASSERT_FALSE(response);
  EXPECT_THAT(response.error(), HasSubstr("receive from 127.0.0.1"));
  EXPECT_THAT(response.error(), HasSubstr("timed out"));
  const auto next = client.send({.method = "GET", .target = "/hello", .headers = {}, .body = {}});
  ASSERT_TRUE(next) << next.error();
}

}  // namespace
}  // namespace stampede::http
