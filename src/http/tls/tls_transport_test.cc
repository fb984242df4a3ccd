// What peers may do to a TLS connection: from OpenSSL's own client, and byte by byte.

#include "http/tls/tls_transport.h"

#include <gmock/gmock.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "http/tls/test_tls_server.h"

namespace stampede::http::tls {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using testing::body_of;
using testing::eventually;
using testing::get;
using ::testing::HasSubstr;
using testing::RawConnection;
using testing::status_of;
using testing::TestTlsServer;
using testing::TlsConnection;

/// The first bytes of a client: a record that promises more than follows.
constexpr std::string_view kBeginOfHello{"\x16\x03\x01\x02\x00\x01\x00", 7};

TEST(TlsTransport, HttpIsToldToUseHttps) {
  TestTlsServer server;
  for (const std::string& request :
       {get("/hello"), get("/hello", "X: " + std::string(8'000, 'x') + "\r\n"),
        std::string("POST /check HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")}) {
    RawConnection connection(server.port());
    connection.send(request);
    const std::string answer = connection.response();
    EXPECT_EQ(status_of(answer), 400);
    EXPECT_THAT(answer, AllOf(HasSubstr("tls-required"), HasSubstr("application/problem+json")));
    EXPECT_TRUE(connection.closed());
    connection.close();
    EXPECT_TRUE(server.no_connection_left());
  }
  EXPECT_EQ(server.test->server->statistics().requests, 0U);
  EXPECT_EQ(server.listener->handshakes().failed, 3U);
}

TEST(TlsTransport, WhoSpeaksHttpAndNeverEndsIsClosed) {
  TestTlsServer server({.header_time = milliseconds{50}});
  RawConnection connection(server.port());
  connection.send(get("/hello"));
  EXPECT_EQ(status_of(connection.response()), 400);
  EXPECT_TRUE(server.no_connection_left());
}

TEST(TlsTransport, OtherBytesAreRefused) {
  TestTlsServer server;
  for (const std::string& bytes :
       {std::string("hello, is anybody there?"), std::string(100, '\0'), std::string(100, '\xff'),
        std::string("\x16\x03\x01\xff\xff") + std::string(100, 'x'),
        std::string("\x17\x03\x03\x00\x05hello", 10)}) {
    RawConnection connection(server.port());
    connection.send(bytes);
    EXPECT_TRUE(connection.read_to_end().has_value());
    EXPECT_TRUE(server.no_connection_left());
  }
  EXPECT_EQ(server.listener->handshakes().failed, 5U);
  EXPECT_EQ(status_of(TlsConnection(server.port()).ask(get("/hello"))), 200);
}

TEST(TlsTransport, AHandshakeThatDoesNotEndIsClosed) {
  TestTlsServer server({.header_time = milliseconds{50}});
  for (const std::string_view bytes : {std::string_view{}, kBeginOfHello}) {
    RawConnection connection(server.port());
    connection.send(bytes);
    EXPECT_TRUE(connection.closed());
  }
  TlsConnection silent(server.port());
  EXPECT_TRUE(silent.closed()) << "the time for the first request began with the connection";
  EXPECT_TRUE(server.no_connection_left());
}

/// OpenSSL's client in memory, whose bytes the test moves.
class MemoryClient {
 public:
  MemoryClient() {
    SSL_set_bio(ssl(), from_server_, to_server_);
    SSL_set_connect_state(ssl());
  }
  SSL* ssl() { return ssl_.get(); }
  /// What it wants to send.
  std::string sent() {
    std::string bytes(BIO_ctrl_pending(to_server_), '\0');
    if (!bytes.empty()) BIO_read(to_server_, bytes.data(), static_cast<int>(bytes.size()));
    return bytes;
  }
  /// Does `step` until it needs nothing more, with `send` for each piece of at most `most` bytes.
  template <class Step>
  void exchange(RawConnection& connection, std::size_t most, Step step) {
    for (int result = step(); result <= 0; result = step()) {
      ASSERT_EQ(SSL_get_error(ssl(), result), SSL_ERROR_WANT_READ);
      const std::string bytes = sent();
      for (std::size_t at = 0; at < bytes.size(); at += most) {
        ASSERT_TRUE(connection.send(std::string_view(bytes).substr(at, most)));
        between();
      }
      ASSERT_TRUE(connection.readable_within(test_support::kPatience));
      char come[4096];
      const ssize_t size = ::recv(connection.descriptor(), come, std::min(most, sizeof come), 0);
      ASSERT_GT(size, 0);
      BIO_write(from_server_, come, static_cast<int>(size));
    }
  }

  std::function<void()> between = [] {};

 private:
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_{SSL_CTX_new(TLS_client_method()),
                                                                   SSL_CTX_free};
  const std::unique_ptr<SSL, decltype(&SSL_free)> ssl_{SSL_new(context_.get()), SSL_free};
  BIO* const from_server_ = BIO_new(BIO_s_mem());
  BIO* const to_server_ = BIO_new(BIO_s_mem());
};

TEST(TlsTransport, ByteByByteIsAHandshakeToo) {
  TestTlsServer server;
  RawConnection connection(server.port());
  MemoryClient client;
  // The server's one thread has seen what came before.
  client.between = [&] {
    EXPECT_EQ(status_of(RawConnection(server.port()).ask(get("/hello"))), 400);
  };
  client.exchange(connection, 1, [&] { return SSL_connect(client.ssl()); });
  const std::string request = get("/hello");
  ASSERT_GT(SSL_write(client.ssl(), request.data(), static_cast<int>(request.size())), 0);
  char answer[1024];
  client.exchange(connection, 1, [&] { return SSL_read(client.ssl(), answer, sizeof answer); });
  EXPECT_EQ(std::string(answer, 12), "HTTP/1.1 200");
}

TEST(TlsTransport, ThereIsNoRenegotiation) {
  TestTlsServer server;
  TlsConnection connection(server.port(), {.highest = TLS1_2_VERSION});
  EXPECT_EQ(status_of(connection.ask(get("/hello"))), 200);
  ASSERT_EQ(SSL_renegotiate(connection.ssl()), 1);
  EXPECT_NE(SSL_do_handshake(connection.ssl()), 1);
  EXPECT_THAT(TlsConnection::words_of_last_error(), HasSubstr("no renegotiation"));
  EXPECT_EQ(server.listener->handshakes().full, 1U);
}

TEST(TlsTransport, KeysMayBeUpdated) {
  TestTlsServer server;
  TlsConnection connection(server.port());
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(SSL_key_update(connection.ssl(), SSL_KEY_UPDATE_REQUESTED), 1);
    EXPECT_EQ(status_of(connection.ask(get("/hello"))), 200);
  }
}

TEST(TlsTransport, APeerThatOnlyUpdatesKeysLeavesOthersTheirTurn) {
  TestTlsServer server({.kernel_memory = 64 * 1024});
  RawConnection updating(server.port());
  const int little = 32 * 1024;
  setsockopt(updating.descriptor(), SOL_SOCKET, SO_SNDBUF, &little, sizeof little);
  MemoryClient client;
  client.exchange(updating, 4096, [&] { return SSL_connect(client.ssl()); });
  std::string updates;
  for (int i = 0; i < 50'000; ++i) {
    ASSERT_EQ(SSL_key_update(client.ssl(), SSL_KEY_UPDATE_NOT_REQUESTED), 1);
    ASSERT_EQ(SSL_do_handshake(client.ssl()), 1);
    updates += client.sent();
  }
  TlsConnection other(server.port());
  EXPECT_EQ(status_of(other.ask(get("/hello"))), 200);
  std::atomic<bool> all_sent = false;
  updating.send(updates.substr(0, 4096));
  std::jthread flood([&] {
    updating.send(std::string_view(updates).substr(4096));
    all_sent = true;
  });
  for (int i = 0; i < 3; ++i) EXPECT_EQ(status_of(other.ask(get("/hello"))), 200);
  EXPECT_FALSE(all_sent) << "the others had to wait for the end";
}

TEST(TlsTransport, AHalfCloseIsAnsweredFirst) {
  TestTlsServer server;
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsConnection connection(server.port(), {.highest = version});
    connection.send(get("/hello"));
    connection.end_sending();
    EXPECT_EQ(status_of(connection.response()), 200);
    EXPECT_TRUE(connection.closed());
    EXPECT_TRUE(server.no_connection_left());
  }
}

TEST(TlsTransport, TheLastAnswerEndsWithCloseNotify) {
  TestTlsServer server;
  TlsConnection connection(server.port());
  EXPECT_EQ(status_of(connection.ask(get("/hello", "Connection: close\r\n"))), 200);
  EXPECT_TRUE(connection.closed());
  EXPECT_TRUE(connection.was_told_the_end());
}

/// Through buffers of the kernel that hold little of it.
TEST(TlsTransport, LargePipelinedAnswersArriveWhole) {
  TestTlsServer server({.kernel_memory = 64 * 1024});
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsConnection connection(server.port(), {.highest = version, .receive_buffer = 4096});
    std::string requests;
    for (int i = 0; i < 10; ++i) requests += get(i % 2 == 0 ? "/large" : "/hello");
    ASSERT_TRUE(connection.send(requests));
    for (int i = 0; i < 10; ++i) {
      ASSERT_EQ(body_of(connection.response()), i % 2 == 0 ? testing::large_text() : "hello");
    }
  }
}

/// The deadline counts what the peer's host has acknowledged.
TEST(TlsTransport, APeerThatReadsNothingIsClosed) {
  TestTlsServer server({.write_time = milliseconds{50}, .kernel_memory = 64 * 1024});
  TlsConnection connection(server.port(), {.receive_buffer = 4096});
  for (int i = 0; i < 10; ++i) connection.send(get("/large"));
  EXPECT_TRUE(server.no_connection_left());
  EXPECT_EQ(server.test->server->statistics().deadlines_missed, 1U);
}

}  // namespace
}  // namespace stampede::http::tls
