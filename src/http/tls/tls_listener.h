#pragma once

#include <cstdint>
#include <memory>

#include "http/tls/certificate.h"
#include "http/transport_layer.h"

namespace stampede::http::tls {

/// The handshakes of a listener, by how they ended.
struct HandshakeCounts {
  std::uint64_t full = 0;
  std::uint64_t resumed = 0;  // by a ticket
  std::uint64_t failed = 0;   // by the peer's bytes or its end; not those that a deadline ended
};

/// TLS on a listener: what it shows to those who connect, and how that is replaced while it
/// listens. Thread-safe.
class TlsListener {
 public:
  /// Throws CertificateError.
  explicit TlsListener(CertificateFiles files);
  ~TlsListener();
  TlsListener(const TlsListener&) = delete;
  TlsListener& operator=(const TlsListener&) = delete;

  /// For ListenerOptions::layer. May outlive this object.
  TransportLayer layer() const;

  /// Reads the files again. Connections that are there go on as they are; tickets stay valid. If it
  /// throws CertificateError, everything stays as it was.
  void reload();

  /// The certificate that new connections are shown.
  Certificate certificate() const;
  HandshakeCounts handshakes() const;

 private:
  struct Shared;
  const std::shared_ptr<Shared> shared_;
};

}  // namespace stampede::http::tls
