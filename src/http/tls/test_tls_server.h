#pragma once

#include <memory>
#include <string>
#include <utility>

#include "http/server/test_connection.h"
#include "http/server/test_server.h"
#include "http/tls/tls_listener.h"
#include "tests/support/certificates.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tls_connection.h"

namespace stampede::http::testing {

using test_support::TlsConnection;

/// What GET /large answers: 300 KB, of which no two lines are alike.
inline const std::string& large_text() {
  static const std::string text = [] {
    std::string lines;
    for (int i = 0; lines.size() < 300'000; ++i) lines += std::to_string(i) + '\n';
    return lines;
  }();
  return text;
}

/// A TestServer that speaks TLS, with a certificate of its own. Only tests include this.
class TestTlsServer {
 public:
  explicit TestTlsServer(Limits limits = {}, const test_support::CertificateMade& made = {}) {
    certificates.make(made);
    listener = std::make_unique<tls::TlsListener>(
        tls::CertificateFiles{certificates.certificate(), certificates.key()});
    test = std::make_unique<TestServer>(limits, 1, std::vector<std::string>{}, listener->layer());
    test->router.get("/large",
                     [](Request&, Responder respond) { respond(html(200, large_text())); });
    test->server->start();
  }

  std::uint16_t port() const { return test->port(); }
  bool no_connection_left() const {
    return eventually([&] { return test->server->statistics().connections_open == 0; });
  }
  /// A connection that was asked once, so that it has a ticket.
  TlsConnection::Session ticket(TlsConnection::Options options = {}) const {
    TlsConnection connection(port(), options);
    EXPECT_EQ(status_of(connection.ask(get("/hello"))), 200) << connection.problem();
    return connection.session();
  }

  const test_support::TempDir folder;
  const test_support::Certificates certificates{folder.path()};
  std::unique_ptr<tls::TlsListener> listener;
  std::unique_ptr<TestServer> test;
};

}  // namespace stampede::http::testing
