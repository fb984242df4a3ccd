// The same server over TCP as it is, over TLS, and over a transport that is worse than both: the
// session's logic may not know the difference.

#include "http/transport.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <array>
#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include "http/server/test_connection.h"
#include "http/server/test_server.h"
#include "http/test_transport.h"
#include "http/tls/tls_listener.h"
#include "tests/support/certificates.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tls_connection.h"

namespace stampede::http {
namespace {

using std::chrono::milliseconds;
using test_support::TlsConnection;
using testing::AwkwardTransport;
using testing::body_of;
using testing::eventually;
using testing::get;
using ::testing::HasSubstr;
using testing::RawConnection;
using testing::status_of;
using testing::TestServer;

enum class Over { kTcp, kAwkward, kTls12, kTls13 };

class ServerOverTransport : public ::testing::TestWithParam<Over> {
 protected:
  void start(Limits limits = {}) {
    test_ = std::make_unique<TestServer>(limits, 1, std::vector<std::string>{}, layer());
    test_->server->start();
  }
  bool over_tls() const { return GetParam() == Over::kTls12 || GetParam() == Over::kTls13; }
  /// A `receive_buffer` of 0 is the kernel's own.
  std::unique_ptr<RawConnection> connect(int receive_buffer = 0) {
    if (!over_tls()) return std::make_unique<RawConnection>(test_->port(), receive_buffer);
    return std::make_unique<TlsConnection>(
        test_->port(), TlsConnection::Options{
                           .highest = GetParam() == Over::kTls12 ? TLS1_2_VERSION : TLS1_3_VERSION,
                           .receive_buffer = receive_buffer});
  }
  /// Returns when the server's one thread has seen all that came before.
  void turn() { EXPECT_EQ(status_of(connect()->ask(get("/hello"))), 200); }
  bool no_connection_left() {
    return eventually([&] { return test_->server->statistics().connections_open == 0; });
  }

  std::unique_ptr<TestServer> test_;

 private:
  TransportLayer layer() {
    if (GetParam() == Over::kTcp) return {};
    if (GetParam() == Over::kAwkward) return AwkwardTransport::layer();
    certificates_.make();
    return tls::TlsListener({certificates_.certificate(), certificates_.key()}).layer();
  }

  const test_support::TempDir folder_;
  const test_support::Certificates certificates_{folder_.path()};
};

std::string name_of(const ::testing::TestParamInfo<Over>& test) {
  constexpr std::array kNames{"Tcp", "Awkward", "Tls12", "Tls13"};
  return kNames[static_cast<std::size_t>(test.param)];
}

INSTANTIATE_TEST_SUITE_P(Transports, ServerOverTransport,
                         ::testing::Values(Over::kTcp, Over::kAwkward, Over::kTls12, Over::kTls13),
                         name_of);

TEST_P(ServerOverTransport, AnswersPipelinedRequestsInOrder) {
  start();
  const auto connection = connect();
  std::string requests;
  for (int i = 0; i < 100; ++i) {
    requests += i % 10 == 0 ? "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n" +
                                  std::to_string(10 + i / 10)
                            : get("/echo?text=" + std::to_string(i));
  }
  ASSERT_TRUE(connection->send(requests));
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(body_of(connection->response()), std::to_string(i % 10 == 0 ? 10 + i / 10 : i));
  }
  EXPECT_EQ(test_->server->statistics().connections_accepted, 1U);
}

TEST_P(ServerOverTransport, AHeadMayStopAnywhere) {
  start();
  const auto connection = connect();
  const std::string request = get("/echo?text=whole");
  for (std::size_t sent = 0; sent < request.size(); sent += 7) {
    connection->send(request.substr(sent, 7));
    turn();
  }
  EXPECT_EQ(body_of(connection->response()), "whole");
}

TEST_P(ServerOverTransport, SendsALargeBodyWhole) {
  start();
  const std::string text(60'000, 'x');
  const auto connection = connect(4096);
  for (int i = 0; i < 3; ++i) {
    const std::string response =
        connection->ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n" + text);
    EXPECT_EQ(body_of(response), text);
  }
}

TEST_P(ServerOverTransport, NoticesThatThePeerCloses) {
  start();
  for (const std::string& bytes :
       {std::string{}, std::string("GET /hel"), get("/hello"),
        std::string("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab")}) {
    const auto connection = connect();
    connection->send(bytes);
    turn();
    connection->close();
    EXPECT_TRUE(no_connection_left()) << bytes;
  }
}

TEST_P(ServerOverTransport, ARequestThatIsTooSlowIsRefused) {
  start({.header_time = milliseconds{50}});
  const auto connection = connect();
  connection->send("GET / HTTP/1.1\r\nX: ");
  EXPECT_EQ(status_of(connection->response()), 408);
  EXPECT_TRUE(connection->closed());
}

TEST_P(ServerOverTransport, ARefusalArrivesThoughMoreWasSent) {
  start();
  const auto connection = connect();
  connection->send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n\r\n" +
                   std::string(70'000, 'x'));
  EXPECT_EQ(status_of(connection->response()), 413);
  EXPECT_TRUE(connection->closed());
}

TEST_P(ServerOverTransport, WhatAPeerGaveUpBehindAnotherRequestIsNotCarriedOut) {
  start();
  const auto connection = connect();
  connection->send(get("/later"));
  Responder first = test_->next_responder();
  connection->send(get("/later"));
  connection->close();
  first.reply_from_anywhere(html(200, "late"));
  EXPECT_TRUE(eventually([&] { return test_->server->statistics().bad_requests == 1; }));
  EXPECT_TRUE(no_connection_left());
}

TEST_P(ServerOverTransport, SoIsOneThatFillsWhatIsReadAtOnce) {
  start();
  const auto connection = connect();
  connection->send(get("/later"));
  Responder first = test_->next_responder();
  const std::string body(Limits{}.body_bytes, 'x');
  connection->send(fmt::format("POST /echo HTTP/1.1\r\nHost: shop\r\nContent-Length: {}\r\n\r\n{}",
                               body.size(), body));
  connection->close();
  first.reply_from_anywhere(html(200, "late"));
  EXPECT_TRUE(eventually([&] { return test_->server->statistics().bad_requests == 1; }));
  EXPECT_TRUE(no_connection_left());
}

TEST_P(ServerOverTransport, StreamsUntilThePeerCloses) {
  start();
  const auto connection = connect();
  connection->send(get("/later"));
  Response head;
  head.content_type = "text/event-stream";
  BodyStream stream = test_->next_responder().stream_from_anywhere(std::move(head));
  for (const std::string part : {"one", "two"}) {
    EXPECT_TRUE(stream.write(part));
    EXPECT_THAT(connection->until(part + "\r\n"), HasSubstr(part));
  }
  connection->close();
  EXPECT_TRUE(eventually([&] { return stream.closed(); }));
  EXPECT_TRUE(no_connection_left());
}

TEST_P(ServerOverTransport, DrainClosesWhatIsIdleAndFinishesWhatRuns) {
  start();
  const auto idle = connect();
  EXPECT_EQ(status_of(idle->ask(get("/hello"))), 200);
  const auto running = connect();
  running->send(get("/later"));
  Responder responder = test_->next_responder();
  std::jthread draining([&] { test_->server->drain(); });
  EXPECT_TRUE(idle->closed());
  responder.reply_from_anywhere(html(200, "done"));
  EXPECT_EQ(body_of(running->response()), "done");
  EXPECT_TRUE(running->closed());
  running->close();
}

TEST_P(ServerOverTransport, TellsWhetherTheConnectionIsEncrypted) {
  start();
  const auto connection = connect();
  EXPECT_EQ(body_of(connection->ask(get("/who"))),
            GetParam() == Over::kTcp ? "127.0.0.1" : "127.0.0.1 tls");
}

TEST(TransportLayer, ThatThrowsClosesThatConnectionAndNoOther) {
  std::atomic<int> connections = 0;
  TestServer test({}, 1, {}, [&](std::unique_ptr<Transport> below) {
    if (++connections == 1) throw std::runtime_error("on purpose");
    return below;
  });
  test.server->start();
  RawConnection first(test.port());
  EXPECT_TRUE(first.closed());
  EXPECT_EQ(status_of(RawConnection(test.port()).ask(get("/hello"))), 200);
}

/// Throws where it is to write "fail", as a TLS stream without memory would, and counts the objects
/// that are destroyed while a read is pending, which Transport forbids.
class FailingTransport final : public AwkwardTransport {
 public:
  FailingTransport(std::unique_ptr<Transport> below, std::atomic<int>& destroyed_too_soon)
      : AwkwardTransport(std::move(below)), destroyed_too_soon_(destroyed_too_soon) {}
  ~FailingTransport() override {
    if (*reading_) ++destroyed_too_soon_;
  }
  void start_read_some(asio::mutable_buffer space, Read done) override {
    *reading_ = true;
    AwkwardTransport::start_read_some(space, [reading = reading_, done = std::move(done)](
                                                 error_code ec, std::size_t size) mutable {
      *reading = false;
      done(ec, size);
    });
  }
  std::size_t write_some(asio::const_buffer first, asio::const_buffer second,
                         error_code& ec) override {
    const std::string_view bytes(static_cast<const char*>(first.data()), first.size());
    if (bytes.find("fail") != bytes.npos) throw std::runtime_error("on purpose");
    return AwkwardTransport::write_some(first, second, ec);
  }

 private:
  std::atomic<int>& destroyed_too_soon_;
  const std::shared_ptr<bool> reading_ = std::make_shared<bool>(false);
};

TEST(FailingTransport, OfAStreamIsDestroyedAfterItsLastRead) {
  std::atomic<int> destroyed_too_soon = 0;
  TestServer test({}, 1, {}, [&](std::unique_ptr<Transport> below) {
    return std::make_unique<FailingTransport>(std::move(below), destroyed_too_soon);
  });
  test.server->start();
  RawConnection connection(test.port());
  connection.send(get("/later"));
  BodyStream stream = test.next_responder().stream_from_anywhere({});
  stream.write("begin");
  EXPECT_THAT(connection.until("begin\r\n"), HasSubstr("begin"));
  stream.write("fail");
  EXPECT_TRUE(connection.closed());
  EXPECT_TRUE(eventually([&] { return test.server->statistics().connections_open == 0; }));
  EXPECT_TRUE(eventually([&] { return stream.closed(); }));
  EXPECT_EQ(destroyed_too_soon, 0);
}

}  // namespace
}  // namespace stampede::http
