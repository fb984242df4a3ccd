#pragma once

#include <functional>
#include <memory>

#include "app/config/config.h"
#include "http/tls/tls_listener.h"
#include "http/transport_layer.h"
#include "telemetry/metrics.h"

namespace stampede::app {

/// The TLS of a process's listeners, as the configuration has it, and the whole of what SIGHUP
/// reads again. Thread-safe.
class ListenerTls {
 public:
  /// Throws http::tls::CertificateError.
  explicit ListenerTls(const Config& config);

  /// For ListenerOptions::layer; empty without a certificate.
  http::TransportLayer shop() const;
  http::TransportLayer console() const;

  /// Some listener speaks TLS.
  bool any() const { return shop_ || console_; }
  /// Reads certificates and keys again; what cannot be used leaves the old ones, and the log says
  /// why.
  void reload();

  /// Warns of what is allowed and seldom meant: an origin that is https where nobody speaks TLS, or
  /// that the certificate is not for.
  void warn_about_origin(const Config& config) const;
  void write_metrics(telemetry::PrometheusText& text) const;

 private:
  std::unique_ptr<http::tls::TlsListener> shop_;     // none: plain HTTP
  std::unique_ptr<http::tls::TlsListener> console_;  // likewise
};

/// What SIGHUP is to do (prepare_process); empty without a certificate.
std::function<void()> reload_at_hangup(std::shared_ptr<ListenerTls> tls);

/// Why the certificates that are configured cannot be used, with the key that names each.
ConfigErrors certificate_errors(const Config& config);

}  // namespace stampede::app
