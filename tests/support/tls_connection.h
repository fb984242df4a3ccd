#pragma once

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/time.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "tests/support/raw_connection.h"

namespace stampede::test_support {

/// OpenSSL's own client on a RawConnection, which then sends and receives over TLS.
class TlsConnection : public RawConnection {
 public:
  using Session = std::shared_ptr<SSL_SESSION>;
  struct Options {
    int lowest = TLS1_2_VERSION;
    int highest = TLS1_3_VERSION;
    std::string protocols;  // by ALPN, each after its length; empty: none is offered
    Session session;        // to resume
    std::string authority;  // a PEM file that the server's certificate must stem from; empty: any
    const char* from = "127.0.0.1";
    int receive_buffer = 0;  // 0: the kernel's own
    std::string ciphers;     // of TLS 1.2; empty: OpenSSL's own
  };

  explicit TlsConnection(std::uint16_t port) : TlsConnection(port, Options{}) {}
  TlsConnection(std::uint16_t port, const Options& options)
      : RawConnection(port, options.from, options.receive_buffer) {
    [[maybe_unused]] static const auto before = std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes
    // A ticket makes the socket readable, and a read of the next answer then waits.
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(kPatience);
    const timeval patience{.tv_sec = seconds.count(), .tv_usec = 0};
    ::setsockopt(descriptor(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    prepare(options);
    ERR_clear_error();
    established_ = connected() && SSL_connect(ssl_.get()) == 1;
    if (!established_) problem_ = words_of_last_error();
  }

  bool established() const { return established_; }
  /// Why it is not, in OpenSSL's words.
  const std::string& problem() const { return problem_; }
  bool resumed() const { return SSL_session_reused(ssl_.get()) == 1; }
  std::string version() const { return SSL_get_version(ssl_.get()); }
  std::string cipher() const { return SSL_get_cipher(ssl_.get()); }
  std::string protocol() const {
    const unsigned char* chosen = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &chosen, &size);
    return chosen == nullptr ? "" : std::string(reinterpret_cast<const char*>(chosen), size);
  }
  /// The serial number of the certificate that was shown; 0 if there was none.
  long serial() const {
    const X509* shown = SSL_get0_peer_certificate(ssl_.get());
    return shown == nullptr ? 0 : ASN1_INTEGER_get(X509_get0_serialNumber(shown));
  }
  /// By which a later connection resumes this one. In TLS 1.3 it comes with the first answer.
  Session session() const {
    // A copy: OpenSSL marks the session of a connection that ends without close_notify as used up.
    return {SSL_SESSION_dup(SSL_get_session(ssl_.get())), SSL_SESSION_free};
  }
  /// close_notify: nothing more will be sent.
  void end_sending() { SSL_shutdown(ssl_.get()); }
  /// The server's close_notify came before the end.
  bool was_told_the_end() const {
    return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
  }
  SSL* ssl() { return ssl_.get(); }

  /// Tickets that were not read would make the end a reset.
  void close() override {
    std::array<char, 4096> unread;
    while (::recv(descriptor(), unread.data(), unread.size(), MSG_DONTWAIT) > 0) {
    }
    RawConnection::close();
  }

  bool readable_within(std::chrono::milliseconds time) const override {
    return SSL_has_pending(ssl_.get()) == 1 || RawConnection::readable_within(time);
  }

  static std::string words_of_last_error() {
    const unsigned long error = ERR_peek_last_error();
    ERR_clear_error();
    const char* reason = ERR_reason_error_string(error);
    return reason == nullptr ? "the connection ended" : reason;
  }

 protected:
  ssize_t write_some(const char* bytes, std::size_t size) override {
    return established_ ? SSL_write(ssl_.get(), bytes, static_cast<int>(size)) : -1;
  }
  ssize_t read_some(char* space, std::size_t size) override {
    return established_ ? SSL_read(ssl_.get(), space, static_cast<int>(size)) : -1;
  }

 private:
  void prepare(const Options& options) {
    SSL_CTX_set_min_proto_version(context_.get(), options.lowest);
    SSL_CTX_set_max_proto_version(context_.get(), options.highest);
    // The tests offer what the server is to refuse.
    SSL_CTX_set_security_level(context_.get(), 0);
    if (!options.ciphers.empty()) {
      SSL_CTX_set_cipher_list(context_.get(), options.ciphers.c_str());
    }
    if (!options.authority.empty()) {
      SSL_CTX_load_verify_file(context_.get(), options.authority.c_str());
      SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    }
    ssl_.reset(SSL_new(context_.get()));
    if (!options.authority.empty()) SSL_set1_host(ssl_.get(), "localhost");
    SSL_set_tlsext_host_name(ssl_.get(), "localhost");
    SSL_set_alpn_protos(ssl_.get(),
                        reinterpret_cast<const unsigned char*>(options.protocols.data()),
                        static_cast<unsigned>(options.protocols.size()));
    if (options.session) SSL_set_session(ssl_.get(), options.session.get());
    SSL_set_fd(ssl_.get(), descriptor());
  }

  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_{SSL_CTX_new(TLS_client_method()),
                                                                   SSL_CTX_free};
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_{nullptr, SSL_free};
  bool established_ = false;
  std::string problem_;
};

}  // namespace stampede::test_support
