// OpenSSL's own client against a listener: versions, protocols, tickets, and certificates that are
// replaced meanwhile.

#include "http/tls/tls_listener.h"

#include <gmock/gmock.h>

#include <atomic>
#include <filesystem>
#include <string>
#include <thread>

#include "http/tls/test_tls_server.h"

namespace stampede::http::tls {
namespace {

using ::testing::AnyOf;
using testing::body_of;
using testing::eventually;
using testing::get;
using ::testing::HasSubstr;
using testing::RawConnection;
using testing::status_of;
using testing::TestTlsServer;
using testing::TlsConnection;

TEST(TlsListener, SpeaksTls12And13) {
  TestTlsServer server;
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    for (const bool rsa : {false, true}) {
      server.certificates.make({.rsa = rsa});
      server.listener->reload();
      TlsConnection connection(server.port(),
                               {.lowest = version,
                                .highest = version,
                                .authority = server.certificates.certificate().string()});
      ASSERT_TRUE(connection.established()) << connection.problem();
      EXPECT_EQ(connection.version(), version == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3");
      EXPECT_THAT(connection.cipher(), AnyOf(HasSubstr("AES128-GCM"), HasSubstr("AES_128_GCM")));
      EXPECT_EQ(body_of(connection.ask(get("/who"))), "127.0.0.1 tls");
    }
  }
  EXPECT_EQ(server.listener->handshakes().full, 4U);
  EXPECT_EQ(server.test->server->url().substr(0, 8), "https://");
}

TEST(TlsListener, RefusesOlderVersions) {
  TestTlsServer server;
  for (const int version : {TLS1_VERSION, TLS1_1_VERSION}) {
    const TlsConnection connection(
        server.port(), {.lowest = version, .highest = version, .ciphers = "ALL:@SECLEVEL=0"});
    EXPECT_FALSE(connection.established());
    EXPECT_THAT(connection.problem(), HasSubstr("protocol version"));
  }
  EXPECT_TRUE(server.no_connection_left());
  EXPECT_EQ(server.listener->handshakes().failed, 2U);
}

TEST(TlsListener, RefusesCiphersWithoutForwardSecrecyOrAuthentication) {
  TestTlsServer server({}, {.rsa = true});
  for (const char* cipher : {"AES128-GCM-SHA256", "AES256-SHA", "ECDHE-RSA-AES128-SHA",
                             "DHE-RSA-AES128-GCM-SHA256", "aNULL"}) {
    const TlsConnection connection(server.port(),
                                   {.highest = TLS1_2_VERSION, .ciphers = std::string(cipher)});
    EXPECT_FALSE(connection.established()) << cipher;
  }
  const TlsConnection chacha(server.port(),
                             {.highest = TLS1_2_VERSION, .ciphers = "ECDHE-RSA-CHACHA20-POLY1305"});
  EXPECT_TRUE(chacha.established()) << chacha.problem();
}

TEST(TlsListener, AgreesOnHttp11) {
  TestTlsServer server;
  TlsConnection both(server.port(), {.protocols = "\x02h2\x08http/1.1"});
  EXPECT_EQ(both.protocol(), "http/1.1");
  EXPECT_EQ(status_of(both.ask(get("/hello"))), 200);
  const TlsConnection neither(server.port(), {.protocols = "\x02h2"});
  EXPECT_FALSE(neither.established());
  EXPECT_THAT(neither.problem(), HasSubstr("no application protocol"));
  const TlsConnection silent(server.port());
  EXPECT_TRUE(silent.established());
  EXPECT_EQ(silent.protocol(), "");
}

TEST(TlsListener, ATicketSparesAFullHandshake) {
  TestTlsServer server;
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    auto ticket = server.ticket({.highest = version});
    for (int i = 0; i < 3; ++i) {  // in TLS 1.3 each brings the next
      TlsConnection again(server.port(), {.highest = version, .session = ticket});
      EXPECT_EQ(status_of(again.ask(get("/hello"))), 200);
      EXPECT_TRUE(again.resumed()) << version << " " << i;
      ticket = again.session();
    }
  }
  EXPECT_EQ(server.listener->handshakes().full, 2U);
  EXPECT_EQ(server.listener->handshakes().resumed, 6U);
}

TEST(TlsListener, ATicketOfAnotherListenerOpensNothing) {
  TestTlsServer server;
  TestTlsServer other;
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsConnection stranger(server.port(),
                           {.highest = version, .session = other.ticket({.highest = version})});
    EXPECT_EQ(status_of(stranger.ask(get("/hello"))), 200);
    EXPECT_FALSE(stranger.resumed());
  }
}

TEST(TlsListener, AReloadKeepsConnectionsAndTickets) {
  TestTlsServer server({}, {.serial = 1});
  TlsConnection kept(server.port());
  EXPECT_EQ(status_of(kept.ask(get("/hello"))), 200);
  TlsConnection unfinished(server.port());
  unfinished.send("GET /hel");
  server.certificates.make({.serial = 2});
  EXPECT_EQ(TlsConnection(server.port()).serial(), 1) << "the files alone change nothing";

  server.listener->reload();

  EXPECT_EQ(TlsConnection(server.port()).serial(), 2);
  EXPECT_EQ(kept.serial(), 1);
  EXPECT_EQ(status_of(kept.ask(get("/hello"))), 200);
  EXPECT_EQ(status_of(unfinished.ask("lo HTTP/1.1\r\nHost: a\r\n\r\n")), 200);
  TlsConnection resumed(server.port(), {.session = kept.session()});
  EXPECT_TRUE(resumed.resumed());
}

TEST(TlsListener, WhatCannotBeUsedAtAReloadLeavesTheOldOne) {
  TestTlsServer server({}, {.serial = 1});
  server.certificates.make({.serial = 2, .valid_until = std::chrono::seconds{-1}});
  EXPECT_THROW(server.listener->reload(), CertificateError);
  std::filesystem::remove(server.certificates.key());
  EXPECT_THROW(server.listener->reload(), CertificateError);
  TlsConnection connection(server.port());
  EXPECT_EQ(connection.serial(), 1);
  EXPECT_EQ(status_of(connection.ask(get("/hello"))), 200);
}

TEST(TlsListener, ReloadsWhileClientsConnect) {
  TestTlsServer server;
  std::atomic<bool> stop = false;
  std::jthread reloading([&] {
    while (!stop) server.listener->reload();
  });
  for (int i = 0; i < 50; ++i) {
    TlsConnection connection(server.port());
    EXPECT_EQ(status_of(connection.ask(get("/hello"))), 200) << connection.problem();
  }
  stop = true;
}

}  // namespace
}  // namespace stampede::http::tls
