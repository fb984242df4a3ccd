#include "web_requests/curl/curl_web_requests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <future>
#include <thread>

#include "http/server/test_server.h"
#include "http/tls/tls_listener.h"
#include "tests/support/certificates.h"
#include "tests/support/eventually.h"
#include "tests/support/temp_dir.h"

namespace stampede::web_requests {
namespace {

using http::testing::TestServer;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test_support::kPatience;
using testing::HasSubstr;

/// Asks, and waits for the end.
Result ask(CurlWebRequests& requests, Request request) {
  std::promise<Result> promise;
  auto ended = promise.get_future();
  requests.send(std::move(request), [&](Result result) { promise.set_value(std::move(result)); });
  if (ended.wait_for(kPatience) != std::future_status::ready) std::abort();  // the promise is used
  return ended.get();
}

Failure failure_of(const Result& result) {
  EXPECT_FALSE(result.has_value());
  return result ? Failure::kInvalid : result.error().failure;
}

/// A server of ours over TLS, with a certificate for localhost and 127.0.0.1.
class CurlWebRequestsTest : public testing::Test {
 protected:
  CurlWebRequestsTest() {
    certificates_.make();
    listener_ = std::make_unique<http::tls::TlsListener>(
        http::tls::CertificateFiles{certificates_.certificate(), certificates_.key()});
    server_ = std::make_unique<TestServer>(http::Limits{}, 1, std::vector<std::string>{},
                                           listener_->layer());
    add_routes();
    server_->server->start();
  }

  void add_routes() {
    server_->router.post("/told", [](http::Request& request, http::Responder respond) {
      http::Response response = http::html(200, std::string(request.header("content-type")) + "|" +
                                                    std::string(request.header("x-empty")) + "|" +
                                                    std::string(request.body));
      response.with("X-Kept", "a: b");
      respond(std::move(response));
    });
    server_->router.get("/moved", [](http::Request&, http::Responder respond) {
      http::Response response = http::html(302, "elsewhere");
      response.with("Location", "/hello");
      respond(std::move(response));
    });
    server_->router.get("/failed", [this](http::Request&, http::Responder respond) {
      ++failed_;
      respond(http::html(503, "not now"));
    });
    server_->router.get("/agent", [](http::Request& request, http::Responder respond) {
      respond(http::html(200, std::string(request.header("user-agent"))));
    });
    for (const std::size_t size : {kMost, kMost + 1}) {
      server_->router.get("/size/" + std::to_string(size),
                          [size](http::Request&, http::Responder respond) {
                            respond(http::html(200, std::string(size, 'x')));
                          });
    }
    server_->router.get("/heads", [](http::Request&, http::Responder respond) {
      http::Response response = http::html(200, "");
      response.with("X-Long", std::string(kMost, 'x'));
      respond(std::move(response));
    });
  }

  std::string url(std::string_view path, std::string_view host = "localhost") const {
    return "https://" + std::string(host) + ":" + std::to_string(server_->port()) +
           std::string(path);
  }
  CurlWebRequests::Options trusting() const {
    return {.response_bytes = kMost, .ca_file = certificates_.certificate(), .breaker = {}};
  }
  Request get(std::string_view path) const {
    return {.url = url(path), .headers = {}, .body = {}, .timeout = kPatience};
  }

  static constexpr std::size_t kMost = 10'000;
  const test_support::TempDir folder_;
  const test_support::Certificates certificates_{folder_.path()};
  std::atomic<int> failed_{0};
  std::unique_ptr<http::tls::TlsListener> listener_;
  std::unique_ptr<TestServer> server_;
};

TEST_F(CurlWebRequestsTest, SendsARequestAndGivesTheWholeAnswer) {
  CurlWebRequests requests(trusting());
  Request post{.method = "POST",
               .url = url("/told"),
               .headers = {{"Content-Type", "text/x-test"}, {"X-Empty", ""}},
               .body = std::string("a\0b", 3),
               .timeout = kPatience};
  for (int i = 0; i < 3; ++i) {  // on one connection
    const Result result = ask(requests, post);
    ASSERT_TRUE(result) << result.error().detail;
    EXPECT_EQ(result->status, 200);
    EXPECT_EQ(result->header("x-kept"), "a: b");
    EXPECT_EQ(result->header("x-missing"), "");
    EXPECT_EQ(result->body, std::string("text/x-test||a\0b", 16));
  }
  EXPECT_LE(server_->server->statistics().connections_accepted, 3);
  post.headers.clear();
  EXPECT_THAT(ask(requests, post)->body, testing::StartsWith("||a")) << "no type is made up";
}

TEST_F(CurlWebRequestsTest, KnowsTheMethods) {
  CurlWebRequests requests(trusting());
  EXPECT_EQ(ask(requests, get("/hello"))->body, "hello");
  Request head = get("/hello");
  head.method = "HEAD";
  const Result headed = ask(requests, head);
  ASSERT_TRUE(headed) << headed.error().detail;
  EXPECT_EQ(headed->status, 200);
  EXPECT_EQ(headed->body, "");
  Request put = get("/hello");
  put.method = "PUT";
  EXPECT_EQ(ask(requests, put)->status, 405);
  put.method = "DELETE";
  EXPECT_EQ(ask(requests, put)->status, 405);
}

TEST_F(CurlWebRequestsTest, SaysWhoAsks) {
  CurlWebRequests requests(trusting());
  EXPECT_EQ(ask(requests, get("/agent"))->body, "Stampede");
}

TEST_F(CurlWebRequestsTest, FollowsNoRedirect) {
  CurlWebRequests requests(trusting());
  const Result result = ask(requests, get("/moved"));
  ASSERT_TRUE(result) << result.error().detail;
  EXPECT_EQ(result->status, 302);
  EXPECT_EQ(result->header("location"), "/hello");
}

TEST_F(CurlWebRequestsTest, TakesNoMoreThanAnAnswerMayHave) {
  CurlWebRequests requests(trusting());
  const Result most = ask(requests, get("/size/" + std::to_string(kMost)));
  ASSERT_TRUE(most) << most.error().detail;
  EXPECT_EQ(most->body.size(), kMost);
  for (const std::string& path : {"/size/" + std::to_string(kMost + 1), std::string("/heads")}) {
    const Result more = ask(requests, get(path));
    EXPECT_EQ(failure_of(more), Failure::kTooLarge) << path;
    EXPECT_TRUE(more.error().sent);
  }
}

TEST_F(CurlWebRequestsTest, SendsNothingToACertificateThatIsNotTrusted) {
  CurlWebRequests of_system({});
  const Result result = ask(of_system, get("/hello"));
  EXPECT_EQ(failure_of(result), Failure::kUntrusted);
  EXPECT_FALSE(result.error().sent);
  EXPECT_EQ(server_->server->statistics().requests, 0);
}

TEST_F(CurlWebRequestsTest, SendsNothingToACertificateOfAnotherHost) {
  CurlWebRequests requests(trusting());
  Request request = get("");
  request.url = url("/hello", "127.0.0.1");
  ASSERT_TRUE(ask(requests, request)) << "the certificate is for this address";
  certificates_.make({.host = "other.example", .address = "127.0.0.2"});
  listener_->reload();
  CurlWebRequests again(trusting());  // trusts the new one
  const Result result = ask(again, get("/hello"));
  EXPECT_EQ(failure_of(result), Failure::kUntrusted);
  EXPECT_FALSE(result.error().sent);
}

TEST_F(CurlWebRequestsTest, ACaFileThatCannotBeReadTrustsNobody) {
  auto options = trusting();
  options.ca_file = folder_.path() / "missing.pem";
  CurlWebRequests requests(options);
  EXPECT_EQ(failure_of(ask(requests, get("/hello"))), Failure::kUntrusted);
}

TEST_F(CurlWebRequestsTest, UsesNoProxyOfTheEnvironment) {
  ::setenv("https_proxy", "http://127.0.0.1:9", 1);
  CurlWebRequests requests(trusting());
  EXPECT_TRUE(ask(requests, get("/hello")));
  ::unsetenv("https_proxy");
}

TEST_F(CurlWebRequestsTest, EndsAtItsDeadline) {
  CurlWebRequests requests(trusting());
  Request request = get("/later");
  request.timeout = milliseconds{300};
  const Result result = ask(requests, request);
  EXPECT_EQ(failure_of(result), Failure::kTimeout);
  EXPECT_TRUE(result.error().sent) << "the service may do it yet";
  server_->next_responder().reply_from_anywhere(http::html(200, "late"));
}

TEST_F(CurlWebRequestsTest, TheWaitForAThreadCountsToo) {
  auto options = trusting();
  options.threads = 1;
  CurlWebRequests requests(options);
  std::promise<void> slow_ended;
  requests.send(get("/later"), [&](const Result&) { slow_ended.set_value(); });
  http::Responder slow = server_->next_responder();  // it has the thread
  std::promise<Result> promise;
  Request request = get("/hello");
  request.timeout = milliseconds{0};
  requests.send(request, [&](Result result) { promise.set_value(std::move(result)); });
  slow.reply_from_anywhere(http::html(200, ""));
  const Result result = promise.get_future().get();
  EXPECT_EQ(failure_of(result), Failure::kNotBegun);
  EXPECT_FALSE(result.error().sent);
  slow_ended.get_future().get();
}

TEST_F(CurlWebRequestsTest, RefusesWhatNoThreadWillTakeInTime) {
  auto options = trusting();
  options.threads = 1;
  options.queue = 1;
  CurlWebRequests requests(options);
  std::atomic<int> ended{0};
  const auto count = [&](const Result& result) {
    EXPECT_TRUE(result) << result.error().detail;
    ++ended;
  };
  requests.send(get("/later"), count);
  http::Responder slow = server_->next_responder();
  requests.send(get("/hello"), count);  // waits
  const Result refused = ask(requests, get("/hello"));
  EXPECT_EQ(failure_of(refused), Failure::kQueueFull);
  EXPECT_FALSE(refused.error().sent);
  slow.reply_from_anywhere(http::html(200, ""));
  EXPECT_TRUE(http::testing::eventually([&] { return ended == 2; }));
}

TEST_F(CurlWebRequestsTest, AfterFailuresInARowItRefusesAtOnce) {
  auto options = trusting();
  options.breaker = {.failures = 2, .pause = std::chrono::hours{1}};
  CurlWebRequests requests(options);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(ask(requests, get("/failed"))->status, 503);
  EXPECT_EQ(failure_of(ask(requests, get("/hello"))), Failure::kBreakerOpen);
  EXPECT_EQ(failed_, 2);
}

/// Or a stranger could shut out all others, by what a firewall of the service takes offence at.
TEST_F(CurlWebRequestsTest, ErrorsOpenNoBreakerWhereStrangersChooseWhatIsAsked) {
  auto options = trusting();
  options.breaker = {.failures = 2, .pause = std::chrono::hours{1}};
  options.errors_open_breaker = false;
  CurlWebRequests requests(options);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(ask(requests, get("/failed"))->status, 503);
  EXPECT_TRUE(ask(requests, get("/hello")));
}

/// libcurl takes no text of more than 8,000,000 bytes, which is found out on a thread.
TEST_F(CurlWebRequestsTest, WhatCannotBeBegunFailsAndSaysNothingOfTheService) {
  auto options = trusting();
  options.threads = 1;
  options.breaker = {.failures = 1, .pause = std::chrono::hours{1}};
  CurlWebRequests requests(options);
  Request request = get("/hello?");
  request.url.append(8'000'001, 'x');
  const Result result = ask(requests, request);
  EXPECT_EQ(failure_of(result), Failure::kNotBegun);
  EXPECT_FALSE(result.error().sent);
  EXPECT_TRUE(ask(requests, get("/hello"))) << "the thread and the breaker are as before";
}

TEST_F(CurlWebRequestsTest, AfterThePauseItAsksAgain) {
  auto options = trusting();
  options.breaker = {.failures = 1, .pause = milliseconds{1}};
  CurlWebRequests requests(options);
  EXPECT_EQ(ask(requests, get("/failed"))->status, 503);
  EXPECT_TRUE(http::testing::eventually([&] { return ask(requests, get("/hello")).has_value(); }));
}

TEST_F(CurlWebRequestsTest, StopEndsWhatRunsAndWhatWaits) {
  auto options = trusting();
  options.threads = 1;
  CurlWebRequests requests(options);
  std::atomic<int> stopped{0};
  const auto count = [&](const Result& result) {
    EXPECT_EQ(failure_of(result), Failure::kStopped);
    ++stopped;
  };
  requests.send(get("/later"), count);
  http::Responder slow = server_->next_responder();
  requests.send(get("/hello"), count);
  requests.stop();
  EXPECT_EQ(stopped, 2);
  requests.send(get("/hello"), count);
  EXPECT_EQ(stopped, 3);
  slow.reply_from_anywhere(http::html(200, ""));
}

TEST_F(CurlWebRequestsTest, RefusesWhatIsNoRequestOfOurs) {
  CurlWebRequests requests(trusting());
  const auto failure = [&](auto change) {
    Request request = get("/hello");
    change(request);
    return failure_of(ask(requests, request));
  };
  for (const char* bad : {"http://localhost/", "file:///etc/passwd", "HTTPS://localhost/", "",
                          "https://", "https://local host/", "https://localhost/\r\nX: y",
                          "https://a:b@localhost/", "https://localhost:99999/"}) {
    EXPECT_EQ(failure([bad](Request& request) { request.url = bad; }), Failure::kInvalid) << bad;
  }
  for (const char* bad : {"", "get", "TRACE", "GET /x HTTP/1.1\r\nX:"}) {
    EXPECT_EQ(failure([bad](Request& request) { request.method = bad; }), Failure::kInvalid) << bad;
  }
  EXPECT_EQ(failure([](Request& request) {
              request.headers = {{"X", "a\r\nY: b"}};
            }),
            Failure::kInvalid);
  EXPECT_EQ(failure([](Request& request) {
              request.headers = {{"X: a\r\nY", "b"}};
            }),
            Failure::kInvalid);
  EXPECT_EQ(server_->server->statistics().requests, 0);
}

TEST_F(CurlWebRequestsTest, NobodyListens) {
  CurlWebRequests requests(trusting());
  const Request request = get("/hello");
  server_.reset();
  const Result result = ask(requests, request);
  EXPECT_EQ(failure_of(result), Failure::kNoConnection);
  EXPECT_FALSE(result.error().sent);
}

/// The name is a public one as far as a URL tells, and is found to be an address of this machine.
TEST_F(CurlWebRequestsTest, WhereOnlyThePublicNetworkIsAskedNoOtherAddressIs) {
  auto options = trusting();
  options.public_addresses_only = true;
  options.breaker.failures = 100;  // each address is looked at
  CurlWebRequests requests(options);
  for (const char* host : {"localhost", "127.0.0.1", "0x7f.1", "2130706433", "[::1]",
                           "[::ffff:127.0.0.1]", "0.0.0.0"}) {
    Request request = get("");
    request.url = url("/hello", host);
    const Result result = ask(requests, request);
    EXPECT_EQ(failure_of(result), Failure::kAddressRefused) << host;
    EXPECT_FALSE(result.error().sent);
  }
  EXPECT_EQ(server_->server->statistics().connections_accepted, 0);
}

TEST_F(CurlWebRequestsTest, PlainHttpIsTakenByAnOptionAndToNoPublicAddress) {
  TestServer plain;
  plain.server->start();
  auto options = trusting();
  options.plain_to_private = true;
  CurlWebRequests requests(options);
  Request request = get("");
  request.url = "http://localhost:" + std::to_string(plain.port()) + "/hello";
  const Result result = ask(requests, request);
  ASSERT_TRUE(result) << result.error().detail;
  EXPECT_EQ(result->body, "hello");
  EXPECT_TRUE(ask(requests, get("/hello"))) << "TLS as before";
  request.url = "http://1.1.1.1/";  // no connection is made
  EXPECT_EQ(failure_of(ask(requests, request)), Failure::kAddressRefused);
  request.url = "http://a:b@localhost/";
  EXPECT_EQ(failure_of(ask(requests, request)), Failure::kInvalid);
}

/// A peer that says what no server would. It serves one connection after the other.
class OddPeer {
 public:
  /// `talk` is given each connection after its handshake; nullptr: there is none, and nothing is
  /// ever said.
  OddPeer(const test_support::Certificates& certificates, std::function<void(SSL*)> talk)
      : talk_(std::move(talk)), context_(SSL_CTX_new(TLS_server_method()), SSL_CTX_free) {
    SSL_CTX_use_certificate_file(context_.get(), certificates.certificate().c_str(),
                                 SSL_FILETYPE_PEM);
    SSL_CTX_use_PrivateKey_file(context_.get(), certificates.key().c_str(), SSL_FILETYPE_PEM);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    if (::bind(socket_, any, size) != 0 || ::listen(socket_, 8) != 0 ||
        ::getsockname(socket_, any, &size) != 0) {
      std::abort();
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~OddPeer() {
    ::shutdown(socket_, SHUT_RDWR);
    thread_.join();
    ::close(socket_);
  }
  OddPeer(const OddPeer&) = delete;
  OddPeer& operator=(const OddPeer&) = delete;

  std::string url() const { return "https://localhost:" + std::to_string(port_) + "/x"; }

  /// Up to the end of a request's head, and of its body if that is "body".
  static std::string read_request(SSL* ssl) {
    std::string text;
    char byte = 0;
    const auto whole = [&] {
      return text.ends_with("\r\n\r\nbody") ||
             (text.ends_with("\r\n\r\n") && text.find("Content-Length") == text.npos);
    };
    while (!whole() && SSL_read(ssl, &byte, 1) == 1) text += byte;
    return text;
  }
  static bool write(SSL* ssl, std::string_view text) {
    return SSL_write(ssl, text.data(), static_cast<int>(text.size())) > 0;
  }

 private:
  void serve() {
    for (int peer = -1; (peer = ::accept(socket_, nullptr, nullptr)) >= 0;) {
      const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context_.get()), SSL_free);
      SSL_set_fd(ssl.get(), peer);
      if (talk_ == nullptr) {
        char byte = 0;
        while (::recv(peer, &byte, 1, 0) > 0) {
        }
      } else if (SSL_accept(ssl.get()) == 1) {
        talk_(ssl.get());
      }
      ::close(peer);
    }
  }

  const std::function<void(SSL*)> talk_;
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  const int socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::uint16_t port_ = 0;
  std::thread thread_;
};

class OddPeerTest : public CurlWebRequestsTest {
 protected:
  OddPeerTest() { std::signal(SIGPIPE, SIG_IGN); }

  static Request post(const OddPeer& peer, milliseconds timeout = kPatience) {
    return {.method = "POST", .url = peer.url(), .headers = {}, .body = "body", .timeout = timeout};
  }
};

TEST_F(OddPeerTest, NoHandshakeIsWaitedForLonger) {
  const OddPeer peer(certificates_, nullptr);
  CurlWebRequests requests(trusting());
  const Result result = ask(requests, post(peer, milliseconds{300}));
  EXPECT_EQ(failure_of(result), Failure::kTimeout);
  EXPECT_FALSE(result.error().sent);
}

TEST_F(OddPeerTest, AnAnswerThatNeverEndsEndsAtTheDeadline) {
  const OddPeer peer(certificates_, [](SSL* ssl) {
    OddPeer::read_request(ssl);
    OddPeer::write(ssl, "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n");
    // The peer is slow; the test waits for the deadline alone.
    while (OddPeer::write(ssl, "x")) std::this_thread::sleep_for(milliseconds{10});
  });
  CurlWebRequests requests(trusting());
  EXPECT_EQ(failure_of(ask(requests, post(peer, milliseconds{500}))), Failure::kTimeout);
}

TEST_F(OddPeerTest, WhereTheStatusAloneCountsNoBodyTakesItBack) {
  auto options = trusting();
  options.status_alone = true;
  CurlWebRequests requests(options);
  const Result large = ask(requests, get("/size/" + std::to_string(kMost + 1)));
  ASSERT_TRUE(large) << large.error().detail;
  EXPECT_EQ(large->status, 200);
  EXPECT_LE(large->body.size(), kMost);
  EXPECT_EQ(ask(requests, get("/hello"))->body, "hello") << "the next one is as ever";
  EXPECT_EQ(failure_of(ask(requests, get("/heads"))), Failure::kTooLarge) << "of that it needs all";
  for (const char* answer :
       {"HTTP/1.1 204 x\r\n\r\n", "HTTP/1.1 202 x\r\nContent-Length: 9\r\n\r\nx",
        "HTTP/1.1 100 x\r\n\r\nHTTP/1.1 201 x\r\nContent-Length: 9\r\n\r\n"}) {
    const OddPeer peer(certificates_, [answer](SSL* ssl) {
      OddPeer::read_request(ssl);
      OddPeer::write(ssl, answer);
    });
    const Result cut = ask(requests, post(peer));
    ASSERT_TRUE(cut) << cut.error().detail;
    EXPECT_EQ(cut->status / 100, 2);
  }
  const OddPeer interim(certificates_, [](SSL* ssl) {
    OddPeer::read_request(ssl);
    OddPeer::write(ssl, "HTTP/1.1 100 x\r\n\r\n");
  });
  EXPECT_EQ(failure_of(ask(requests, post(interim))), Failure::kConnectionLost);
}

TEST_F(OddPeerTest, WhereTheStatusAloneCountsABodyThatDripsIsNotWaitedForLonger) {
  const OddPeer peer(certificates_, [](SSL* ssl) {
    OddPeer::read_request(ssl);
    OddPeer::write(ssl, "HTTP/1.1 503 x\r\nRetry-After: 7\r\nContent-Length: 5000\r\n\r\n");
    // The peer is slow; the test waits for the deadline alone.
    while (OddPeer::write(ssl, "x")) std::this_thread::sleep_for(milliseconds{10});
  });
  auto options = trusting();
  options.status_alone = true;
  CurlWebRequests requests(options);
  const Result result = ask(requests, post(peer, milliseconds{1'000}));
  ASSERT_TRUE(result) << result.error().detail;
  EXPECT_EQ(result->status, 503);
  EXPECT_EQ(result->header("retry-after"), "7");
}

TEST_F(OddPeerTest, WhatIsNoWholeAnswerIsALostConnection) {
  for (const char* answer :
       {"", "SSH-2.0-x\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"}) {
    const OddPeer peer(certificates_, [answer](SSL* ssl) {
      OddPeer::read_request(ssl);
      OddPeer::write(ssl, answer);
    });
    CurlWebRequests requests(trusting());
    const Result result = ask(requests, post(peer));
    EXPECT_EQ(failure_of(result), Failure::kConnectionLost) << answer;
    EXPECT_TRUE(result.error().sent);
  }
}

/// A payment must not be sent again because its answer was lost on a kept connection.
TEST_F(OddPeerTest, ABodyIsSentOnceAtMost) {
  std::atomic<int> taken{0};
  const OddPeer peer(certificates_, [&taken](SSL* ssl) {
    if (OddPeer::read_request(ssl).ends_with("body")) ++taken;
    OddPeer::write(ssl, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    if (OddPeer::read_request(ssl).ends_with("body")) ++taken;
  });
  CurlWebRequests requests(trusting());
  const Result first = ask(requests, post(peer));
  ASSERT_TRUE(first) << first.error().detail;
  const Result second = ask(requests, post(peer));
  EXPECT_EQ(failure_of(second), Failure::kConnectionLost);
  EXPECT_TRUE(second.error().sent);
  EXPECT_EQ(taken, 2);
}

}  // namespace
}  // namespace stampede::web_requests
