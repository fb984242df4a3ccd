#include "http/client/upstream.h"

#include <gmock/gmock.h>

#include <atomic>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "http/client/test_peer.h"
#include "http/server/test_server.h"
#include "http/test_transport.h"

namespace stampede::http {
namespace {

using namespace std::chrono_literals;
using Kind = UpstreamError::Kind;
using testing::eventually;
using ::testing::HasSubstr;
using testing::ScriptedPeer;
using testing::TestServer;

constexpr const char* kKeptAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

ClientRequest get_request(std::string target) {
  return {.method = "GET", .target = std::move(target), .headers = {}, .body = {}};
}

std::string target_of(std::uint16_t port) { return "127.0.0.1:" + std::to_string(port); }

std::future<Upstream::Result> ask(Upstream& upstream, const std::string& target,
                                  const ClientRequest& request,
                                  std::chrono::milliseconds timeout = 10s) {
  std::promise<Upstream::Result> promise;
  auto future = promise.get_future();
  upstream.send(target, request, timeout,
                [promise = std::move(promise)](Upstream::Result result) mutable {
                  promise.set_value(std::move(result));
                });
  return future;
}

/// For errors: their kind, as a test's message shows it.
std::string kind_of(const Upstream::Result& result) {
  if (result) return "answered";
  return result.error().kind == Kind::kLost ? "lost" : "not sent";
}

TEST(Upstream, KeepsAConnectionForTheNextRequest) {
  TestServer test;
  test.server->start();
  Upstream upstream;
  const std::string target = target_of(test.port());
  for (int i = 0; i < 3; ++i) {
    const auto answer =
        ask(upstream, target,
            {.method = "POST", .target = "/echo", .headers = {}, .body = std::to_string(i)})
            .get();
    ASSERT_TRUE(answer) << answer.error().words;
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->body, std::to_string(i));
    EXPECT_EQ(answer->header("Content-Type"), "text/html; charset=utf-8");
  }
  const auto head =
      ask(upstream, target, {.method = "HEAD", .target = "/hello", .headers = {}, .body = {}})
          .get();
  ASSERT_TRUE(head) << head.error().words;
  EXPECT_EQ(head->body, "");
  EXPECT_EQ(test.server->statistics().connections_accepted, 1U);
}

TEST(Upstream, OpensAnotherOneAfterConnectionClose) {
  TestServer test;
  test.server->start();
  Upstream upstream;
  for (int i = 0; i < 2; ++i) {
    ClientRequest request = get_request("/hello");
    request.headers.emplace_back("Connection", "close");
    EXPECT_TRUE(ask(upstream, target_of(test.port()), request).get());
  }
  EXPECT_EQ(test.server->statistics().connections_accepted, 2U);
}

TEST(Upstream, RefusedIsNotSent) {
  std::uint16_t port = 0;
  {
    const TestServer gone;
    port = gone.port();
  }
  Upstream upstream;
  const auto answer = ask(upstream, target_of(port), get_request("/hello")).get();
  ASSERT_EQ(kind_of(answer), "not sent");
  EXPECT_EQ(answer.error().words, "connect " + target_of(port) + ": Connection refused");
}

TEST(Upstream, ResolvesNamesAndSaysWhichItCannot) {
  TestServer test;
  test.server->start();
  Upstream upstream;
  EXPECT_TRUE(
      ask(upstream, "localhost:" + std::to_string(test.port()), get_request("/hello")).get());
  const auto unknown = ask(upstream, "nowhere.invalid:80", get_request("/")).get();
  ASSERT_EQ(kind_of(unknown), "not sent");
  EXPECT_THAT(unknown.error().words, HasSubstr("connect nowhere.invalid:80: "));
}

TEST(Upstream, NoAnswerInTimeIsLost) {
  TestServer test;
  test.server->start();
  Upstream upstream;
  const std::string target = target_of(test.port());
  const auto late = ask(upstream, target, get_request("/later"), 50ms).get();
  ASSERT_EQ(kind_of(late), "lost");
  EXPECT_EQ(late.error().words, "ask " + target + ": no answer in time");
  EXPECT_TRUE(ask(upstream, target, get_request("/hello")).get());
}

TEST(Upstream, APeerThatDiesInTheMiddleOfItsAnswerIsLost) {
  ScriptedPeer peer;
  Upstream upstream;
  for (const char* part :
       {"", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"}) {
    auto answer = ask(upstream, target_of(peer.port()), get_request("/"));
    auto connection = peer.accept();
    EXPECT_THAT(connection.request(), HasSubstr("GET / HTTP/1.1\r\n"));
    connection.send(part);
    connection.close();
    EXPECT_EQ(kind_of(answer.get()), "lost") << part;
  }
  EXPECT_FALSE(peer.waiting());  // nothing was sent again
}

/// True: over AwkwardTransport.
class UpstreamOverAny : public ::testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Transports, UpstreamOverAny, ::testing::Bool(),
                         [](const auto& test) { return test.param ? "Awkward" : "Tcp"; });

TEST_P(UpstreamOverAny, AKeptConnectionThatThePeerHasClosedIsReplaced) {
  ScriptedPeer peer;
  Upstream upstream({.connections = 1},
                    GetParam() ? testing::AwkwardTransport::layer() : TransportLayer{});
  const std::string target = target_of(peer.port());
  std::promise<void> closed;
  std::promise<Upstream::Result> first;
  // The client's thread is held until the peer has closed, so the next request, which waits,
  // finds a connection that looks kept.
  upstream.send(target, get_request("/first"), 10s, [&](Upstream::Result result) {
    closed.get_future().wait();
    first.set_value(std::move(result));
  });
  auto second = ask(upstream, target, get_request("/second"));
  auto connection = peer.accept();
  connection.request();
  connection.send(kKeptAnswer);
  connection.close();
  closed.set_value();
  EXPECT_TRUE(first.get_future().get());
  auto fresh = peer.accept();
  EXPECT_THAT(fresh.request(), HasSubstr("GET /second "));
  fresh.send(kKeptAnswer);
  const auto answer = second.get();
  EXPECT_TRUE(answer) << answer.error().words;
}

TEST(Upstream, AKeptConnectionOnWhichThePeerSpeaksUnaskedIsReplaced) {
  ScriptedPeer peer;
  Upstream upstream({.connections = 1});
  const std::string target = target_of(peer.port());
  auto first = ask(upstream, target, get_request("/first"));
  auto connection = peer.accept();
  connection.request();
  connection.send(kKeptAnswer);
  EXPECT_TRUE(first.get());
  connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfalse");
  EXPECT_EQ(connection.request(), "");  // it is closed, or reset, and not asked again
  auto second = ask(upstream, target, get_request("/second"));
  auto fresh = peer.accept();
  EXPECT_THAT(fresh.request(), HasSubstr("GET /second "));
  fresh.send(kKeptAnswer);
  const auto answer = second.get();
  ASSERT_TRUE(answer) << answer.error().words;
  EXPECT_EQ(answer->body, "ok");
}

TEST(Upstream, ARequestThatWasWrittenIsNeverSentAgain) {
  ScriptedPeer peer;
  Upstream upstream;
  auto first = ask(upstream, target_of(peer.port()), get_request("/first"));
  auto connection = peer.accept();
  connection.request();
  connection.send(kKeptAnswer);
  EXPECT_TRUE(first.get());
  auto second = ask(upstream, target_of(peer.port()), get_request("/second"));
  EXPECT_THAT(connection.request(), HasSubstr("GET /second "));
  connection.close();
  EXPECT_EQ(kind_of(second.get()), "lost");
  EXPECT_FALSE(peer.waiting());
}

TEST(Upstream, AConnectionAtRestIsGivenUpWithThePeerAndWithTime) {
  TestServer test({.idle_time = 20ms});
  test.server->start();
  Upstream upstream;
  EXPECT_TRUE(ask(upstream, target_of(test.port()), get_request("/hello")).get());
  ASSERT_TRUE(eventually([&] { return test.server->statistics().connections_open == 0; }));
  EXPECT_TRUE(ask(upstream, target_of(test.port()), get_request("/hello")).get());

  TestServer patient;
  patient.server->start();
  Upstream brief({.idle_time = 20ms});
  EXPECT_TRUE(ask(brief, target_of(patient.port()), get_request("/hello")).get());
  EXPECT_TRUE(eventually([&] { return patient.server->statistics().connections_open == 0; }));
}

TEST(Upstream, SomeWaitForAConnectionAndMoreAreRefused) {
  TestServer test;
  test.server->start();
  Upstream upstream({.connections = 1, .waiting = 2});
  const std::string target = target_of(test.port());
  auto first = ask(upstream, target, get_request("/later"));
  auto responder = test.next_responder();
  auto second = ask(upstream, target, get_request("/hello"));
  auto impatient = ask(upstream, target, get_request("/hello"), 30ms);
  auto third = ask(upstream, target, get_request("/hello")).get();
  ASSERT_EQ(kind_of(third), "not sent");
  EXPECT_EQ(third.error().words, "ask " + target + ": too many requests wait for it already");
  EXPECT_EQ(kind_of(impatient.get()), "not sent");
  responder.reply_from_anywhere(html(200, "at last"));
  EXPECT_EQ(first.get()->body, "at last");
  EXPECT_EQ(second.get()->body, "hello");
  EXPECT_EQ(test.server->statistics().connections_accepted, 1U);
  EXPECT_EQ(test.server->statistics().requests, 2U);
}

TEST(Upstream, ARequestThatWaitsGetsAConnectionWhenAnotherOneEnds) {
  ScriptedPeer peer;
  Upstream upstream({.connections = 1});
  auto first = ask(upstream, target_of(peer.port()), get_request("/first"));
  auto second = ask(upstream, target_of(peer.port()), get_request("/second"));
  auto connection = peer.accept();
  connection.request();
  connection.close();
  EXPECT_EQ(kind_of(first.get()), "lost");
  auto fresh = peer.accept();
  EXPECT_THAT(fresh.request(), HasSubstr("GET /second "));
  fresh.send(kKeptAnswer);
  EXPECT_TRUE(second.get());
}

TEST(Upstream, AnAnswerThatIsTooLargeIsLost) {
  ScriptedPeer peer;
  Upstream upstream({.response_bytes = 100});
  auto answer = ask(upstream, target_of(peer.port()), get_request("/"));
  auto connection = peer.accept();
  connection.request();
  connection.send("HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n" + std::string(101, 'x'));
  const auto result = answer.get();
  ASSERT_EQ(kind_of(result), "lost");
  EXPECT_THAT(result.error().words, HasSubstr("body limit exceeded"));
}

TEST(Upstream, StopEndsEverythingAsItStands) {
  TestServer test;
  test.server->start();
  Upstream upstream({.connections = 1});
  auto sent = ask(upstream, target_of(test.port()), get_request("/later"));
  auto responder = test.next_responder();
  auto waiting = ask(upstream, target_of(test.port()), get_request("/hello"));
  upstream.stop();
  EXPECT_EQ(kind_of(sent.get()), "lost");
  EXPECT_EQ(kind_of(waiting.get()), "not sent");
  const auto after = ask(upstream, target_of(test.port()), get_request("/hello")).get();
  ASSERT_EQ(kind_of(after), "not sent");
  EXPECT_THAT(after.error().words, HasSubstr("stopped"));
  upstream.stop();
  EXPECT_EQ(test.server->statistics().requests, 1U);
}

TEST(Upstream, ServesManyThreadsOverFewConnections) {
  TestServer test;
  test.server->start();
  Upstream upstream({.connections = 4});
  std::atomic<int> right{0};
  std::atomic<int> answered{0};
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&, thread] {
        for (int i = 0; i < 250; ++i) {
          const std::string text = std::to_string(thread * 1000 + i);
          upstream.send(target_of(test.port()), get_request("/echo?text=" + text), 10s,
                        [&, text](const Upstream::Result& result) {
                          right += result && result->body == text;
                          ++answered;
                        });
        }
      });
    }
  }
  EXPECT_TRUE(eventually([&] { return answered == 1000; }));
  EXPECT_EQ(right, 1000);
  EXPECT_LE(test.server->statistics().connections_accepted, 4U);
}

TEST(UpstreamOverAnotherTransport, SendsAndReceivesByAFewBytesAndKeepsTheConnection) {
  TestServer test;
  test.server->start();
  Upstream upstream({}, testing::AwkwardTransport::layer());
  for (const std::size_t size : {0UL, 5UL, 30'000UL}) {
    const std::string body(size, 'x');
    const auto answer = ask(upstream, target_of(test.port()),
                            {.method = "POST", .target = "/echo", .headers = {}, .body = body})
                            .get();
    ASSERT_TRUE(answer) << answer.error().words;
    EXPECT_EQ(answer->body, body);
  }
  EXPECT_EQ(test.server->statistics().connections_accepted, 1U);
}

TEST(UpstreamOverAnotherTransport, APeerThatDiesOrIsLateIsLost) {
  ScriptedPeer peer;
  Upstream upstream({}, testing::AwkwardTransport::layer());
  auto cut = ask(upstream, target_of(peer.port()), get_request("/"));
  {
    auto connection = peer.accept();
    connection.request();
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
  }
  EXPECT_EQ(kind_of(cut.get()), "lost");
  auto late = ask(upstream, target_of(peer.port()), get_request("/"), 50ms);
  auto silent = peer.accept();
  EXPECT_EQ(kind_of(late.get()), "lost");
}

TEST(Upstream, RefusesWhatIsNoTarget) {
  Upstream upstream;
  for (const char* target :
       {"", "host", "host:", ":80", "host:0", "host:65536", "host:8o", "::1:80", "[]:80"}) {
    bool told = false;
    EXPECT_THROW(upstream.send(target, get_request("/"), 10s, [&](const auto&) { told = true; }),
                 std::invalid_argument)
        << target;
    EXPECT_FALSE(told) << target;
  }
}

}  // namespace
}  // namespace stampede::http
