#include "http/server/server.h"

#include <gmock/gmock.h>

#include <string>
#include <thread>
#include <vector>

#include "http/server/test_connection.h"
#include "http/server/test_server.h"

namespace stampede::http {
namespace {

using testing::body_of;
using ::testing::ContainsRegex;
using testing::eventually;
using testing::get;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::RawConnection;
using ::testing::StartsWith;
using testing::status_of;
using testing::TestServer;

TEST(Server, KeepsAConnectionForSeveralRequests) {
  TestServer test;
  test.server->start();
  RawConnection connection(test.port());
  for (int i = 0; i < 3; ++i) {
    const std::string response = connection.ask(get("/hello"));
    EXPECT_THAT(response, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(response, Not(HasSubstr("Connection: close")));
    EXPECT_THAT(response,
                ContainsRegex("Date: [A-Z][a-z][a-z], [0-9][0-9] [A-Z][a-z][a-z] 20[0-9][0-9] "
                              "[0-9][0-9]:[0-9][0-9]:[0-9][0-9] GMT\r\n"));
    EXPECT_EQ(body_of(response), "hello");
  }
  EXPECT_EQ(test.server->statistics().requests, 3U);
  EXPECT_EQ(test.server->statistics().connections_accepted, 1U);
}

TEST(Server, ClosesWhenAskedTo) {
  TestServer test;
  test.server->start();
  RawConnection connection(test.port());
  EXPECT_THAT(connection.ask(get("/hello", "Connection: close\r\n")),
              HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(connection.closed());
}

TEST(Server, RefusesByTheHeadBeforeABodyIsRead) {
  TestServer test;
  test.router.check_heads([](const Request& request) -> std::optional<Response> {
    EXPECT_EQ(request.client_address, "127.0.0.1");
    if (request.header("let-in") == "yes") return std::nullopt;
    return problem(401, "login-required", "Log in first.");
  });
  test.server->start();
  constexpr const char* kLarge = "Content-Length: 60000\r\nExpect: 100-continue\r\n";
  const auto post = [](const std::string& headers) {
    return "POST /echo HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n";
  };
  for (const char* body : {kLarge, "Content-Length: 1\r\n", "Transfer-Encoding: chunked\r\n"}) {
    RawConnection stranger(test.port());
    const std::string refused = stranger.ask(post(body));  // of the body nothing was sent
    EXPECT_THAT(refused, StartsWith("HTTP/1.1 401 ")) << body;
    EXPECT_THAT(refused, HasSubstr("Connection: close\r\n")) << body;
    EXPECT_TRUE(stranger.closed()) << body;
  }
  RawConnection known(test.port());
  EXPECT_EQ(body_of(known.ask(post("Let-In: yes\r\nContent-Length: 5\r\n") + "hello")), "hello");
  EXPECT_THAT(known.ask(get("/hello")), StartsWith("HTTP/1.1 401 ")) << "also without a body";
  EXPECT_EQ(body_of(known.ask(get("/hello", "Let-In: yes\r\n"))), "hello") << "which ends nothing";
  RawConnection large(test.port());
  large.send(post(std::string("Let-In: yes\r\n") + kLarge));
  EXPECT_THAT(large.until("\r\n\r\n"), StartsWith("HTTP/1.1 100 "));
}

TEST(Server, AnswersAThousandPipelinedRequestsInOrder) {
  TestServer test;
  test.server->start();
  // Every tenth is answered late, by another thread.
  constexpr int kRequests = 1000;
  std::string requests;
  for (int i = 0; i < kRequests; ++i) {
    requests += i % 10 == 0 ? get("/later") : get("/echo?text=" + std::to_string(i));
  }
  std::jthread other([&] {
    for (int i = 0; i < kRequests; i += 10) {
      test.next_responder().reply_from_anywhere(html(200, std::to_string(i)));
    }
  });
  RawConnection connection(test.port());
  ASSERT_TRUE(connection.send(requests));
  for (int i = 0; i < kRequests; ++i) {
    ASSERT_EQ(body_of(connection.response()), std::to_string(i));
  }
}

TEST(Server, AnEarlierAnswerDoesNotWaitForALaterOne) {
  TestServer test;
  test.server->start();
  RawConnection connection(test.port());
  connection.send(get("/hello") + get("/later"));
  Responder responder = test.next_responder();
  EXPECT_EQ(body_of(connection.response()), "hello");
  responder.reply_from_anywhere(html(200, "late"));
  EXPECT_EQ(body_of(connection.response()), "late");
}

TEST(Server, HeadGetsTheHeadersOfGet) {
  TestServer test;
  test.server->start();
  RawConnection connection(test.port());
  connection.send("HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n" + get("/echo?text=next"));
  const std::string head = connection.response(true);
  EXPECT_THAT(head, HasSubstr("Content-Length: 5\r\n"));
  EXPECT_EQ(body_of(head), "");
  EXPECT_EQ(body_of(connection.response()), "next");
}

TEST(Server, TakesBodiesWithALengthAndInChunks) {
  TestServer test;
  test.server->start();
  RawConnection connection(test.port());
  const std::string start = "POST /echo HTTP/1.1\r\nHost: a\r\n";
  EXPECT_EQ(body_of(connection.ask(start + "Content-Length: 3\r\n\r\nabc")), "abc");
  EXPECT_EQ(body_of(connection.ask(
                start + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")),
            "abcde");
  const std::string large(64 * 1024, 'x');
  EXPECT_EQ(body_of(connection.ask(start + "Content-Length: 65536\r\n\r\n" + large)), large);
}

TEST(Server, TellsAnExpectingClientToGoOn) {
  TestServer test;
  test.server->start();
  RawConnection connection(test.port());
  connection.send(
      "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ(connection.response(), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(body_of(connection.ask("abc")), "abc");
}

TEST(Server, RefusesWithAProblemAndCloses) {
  TestServer test;
  test.server->start();
  const std::vector<std::pair<std::string, int>> cases = {
      {"GET / HTTP/1.1\nHost: a\n\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n", 431},
      {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n\r\n" + std::string(70'000, 'x'),
       413},
      {"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 400},
      {"GET / HTTP/3.0\r\nHost: a\r\n\r\n", 505},
  };
  for (const auto& [bytes, status] : cases) {
    RawConnection connection(test.port());
    connection.send(get("/hello") + bytes + get("/hello"));
    EXPECT_EQ(status_of(connection.response()), 200);
    const std::string refusal = connection.response();
    EXPECT_EQ(status_of(refusal), status);
    EXPECT_THAT(refusal, HasSubstr("Connection: close\r\n"));
    EXPECT_THAT(refusal, HasSubstr("application/problem+json"));
    EXPECT_THAT(body_of(refusal), ContainsRegex("\"detail\":\"[A-Z]"));
    EXPECT_TRUE(connection.closed());
  }
  EXPECT_EQ(test.server->statistics().bad_requests, cases.size());
}

TEST(Server, AnswersUnknownPathsAndMethods) {
  TestServer test;
  test.server->start();
  RawConnection connection(test.port());
  EXPECT_EQ(status_of(connection.ask(get("/nothing"))), 404);
  const std::string refused = connection.ask("DELETE /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(status_of(refused), 405);
  EXPECT_THAT(refused, HasSubstr("Allow: GET, HEAD\r\n"));
}

TEST(Server, ADroppedOrThrownAwayRequestIsA500) {
  TestServer test;
  test.router.get("/dropped", [](Request&, Responder) {});
  test.router.get("/throws", [](Request&, Responder) { throw std::runtime_error("on purpose"); });
  test.server->start();
  RawConnection connection(test.port());
  EXPECT_EQ(status_of(connection.ask(get("/dropped"))), 500);
  EXPECT_EQ(status_of(connection.ask(get("/throws"))), 500);
  connection.send(get("/later"));
  { const Responder dropped_elsewhere = test.next_responder(); }
  EXPECT_EQ(status_of(connection.response()), 500);
  EXPECT_EQ(status_of(connection.ask(get("/hello"))), 200);
}

TEST(Server, OnePostedTaskAnswersManySessions) {
  TestServer test({}, 1);
  test.server->start();
  std::vector<RawConnection> connections;
  std::vector<Responder> responders;
  for (int i = 0; i < 100; ++i) {
    connections.emplace_back(test.port()).send(get("/later") + get("/echo?text=after"));
    responders.push_back(test.next_responder());
  }
  const Post post = responders.front().post();
  post([&responders] {
    for (std::size_t i = 0; i < responders.size(); ++i) {
      responders[i](html(200, std::to_string(i)));
    }
  });
  for (std::size_t i = 0; i < connections.size(); ++i) {
    EXPECT_EQ(body_of(connections[i].response()), std::to_string(i));
    EXPECT_EQ(body_of(connections[i].response()), "after");
  }
}

TEST(Server, SendsALargeBodyWhole) {
  TestServer test;
  std::string text(5'000'000, '\0');
  for (std::size_t i = 0; i < text.size(); ++i) {
    text[i] = static_cast<char>('a' + i % 23);
  }
  const auto body = std::make_shared<const std::string>(std::move(text));
  test.router.get("/large", [body](Request&, Responder respond) {
    Response response = html(200, "");
    response.shared_body = body;
    respond(std::move(response));
  });
  test.server->start();
  RawConnection connection(test.port());
  connection.send(get("/large") + get("/large") + get("/hello"));
  EXPECT_EQ(body_of(connection.response()), *body);
  EXPECT_EQ(body_of(connection.response()), *body);
  EXPECT_EQ(body_of(connection.response()), "hello");
}

TEST(Server, BelievesOnlyATrustedProxy) {
  const std::string forwarded =
      "X-Forwarded-For: 1.2.3.4, 9.9.9.9, 127.0.0.1\r\nX-Forwarded-Proto: https\r\n";
  {
    TestServer test;
    test.server->start();
    RawConnection connection(test.port());
    EXPECT_EQ(body_of(connection.ask(get("/who", forwarded))), "127.0.0.1");
  }
  TestServer test({}, 1, {"127.0.0.1"});
  test.server->start();
  RawConnection connection(test.port());
  EXPECT_EQ(body_of(connection.ask(get("/who", forwarded))), "9.9.9.9 tls");
  EXPECT_EQ(body_of(connection.ask(get("/who", "X-Forwarded-For: <script>\r\n"))), "127.0.0.1");
  EXPECT_EQ(body_of(connection.ask(get("/who"))), "127.0.0.1");
}

TEST(Server, ATakenPortIsAnErrorThatNamesIt) {
  TestServer test;
  const std::string address = "127.0.0.1:" + std::to_string(test.port());
  try {
    const Server second({.address = address, .threads = 1, .limits = {}, .trusted_proxies = {}},
                        test.router);
    FAIL() << "the port was shared";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::address_in_use);
    EXPECT_THAT(error.what(), HasSubstr(address));
  }
}

TEST(Server, RefusesWhatIsNoAddress) {
  const Router router;
  for (const auto* address : {"", "8080", "localhost:80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x",
                              "127.0.0.1:65536", "::1:80", "[127.0.0.1]:80", "127.0.0.1:+1"}) {
    try {
      const Server server({.address = address, .threads = 1, .limits = {}, .trusted_proxies = {}},
                          router);
      ADD_FAILURE() << address;
    } catch (const std::system_error& error) {
      EXPECT_THAT(error.what(), HasSubstr("expected ADDRESS:PORT")) << address;
    }
  }
  EXPECT_THROW(Server({.address = "127.0.0.1:0",
                       .threads = 1,
                       .limits = {},
                       .trusted_proxies = {"proxy.local"}},
                      router),
               std::invalid_argument);
}

TEST(Server, KnowsItsAddress) {
  const TestServer test;
  EXPECT_GT(test.port(), 0);
  EXPECT_EQ(test.server->address(), "127.0.0.1:" + std::to_string(test.port()));
  EXPECT_EQ(test.server->url(), "http://127.0.0.1:" + std::to_string(test.port()));
}

}  // namespace
}  // namespace stampede::http
