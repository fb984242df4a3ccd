#include "app/process/listener_tls.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <array>
#include <string>
#include <string_view>

#include "net/host_port.h"
#include "telemetry/log.h"

namespace stampede::app {
namespace {

using http::tls::CertificateError;
using http::tls::TlsListener;

std::unique_ptr<TlsListener> listener(const std::filesystem::path& certificate,
                                      const std::filesystem::path& key) {
  if (certificate.empty()) return nullptr;
  return std::make_unique<TlsListener>(http::tls::CertificateFiles{certificate, key});
}

void reload(TlsListener* listener, std::string_view name) {
  if (listener == nullptr) return;
  try {
    listener->reload();
    telemetry::log_info("certificate read again", "listener={} expires={:%FT%TZ}", name,
                        listener->certificate().expires());
  } catch (const std::exception& error) {
    telemetry::log_error("certificate not read again: the old one stays",
                         "listener={} reason=\"{}\"", name, error.what());
  }
}

}  // namespace

ListenerTls::ListenerTls(const Config& config)
    : shop_(listener(config.tls.certificate, config.tls.key)),
      console_(listener(config.tls.console_certificate, config.tls.console_key)) {}

http::TransportLayer ListenerTls::shop() const {
  return shop_ ? shop_->layer() : http::TransportLayer{};
}

http::TransportLayer ListenerTls::console() const {
  return console_ ? console_->layer() : http::TransportLayer{};
}

void ListenerTls::reload() {
  app::reload(shop_.get(), "shop");
  app::reload(console_.get(), "console");
}

std::function<void()> reload_at_hangup(std::shared_ptr<ListenerTls> tls) {
  if (!tls->any()) return {};
  return [tls = std::move(tls)] { tls->reload(); };
}

void ListenerTls::warn_about_origin(const Config& config) const {
  const auto check = [&config](std::string_view key, const std::string& origin,
                               const TlsListener* listener, std::string_view certificate_key,
                               const std::filesystem::path& certificate) {
    if (!origin.starts_with("https:")) return;
    if (listener == nullptr && config.http.trusted_proxies.empty()) {
      telemetry::log_warning(
          fmt::format("{} is https, and nobody is known to speak TLS: expected {}, or the proxy's "
                      "address in http.trusted_proxies",
                      key, certificate_key),
          "origin={}", origin);
    } else if (listener != nullptr &&
               !listener->certificate().is_for(net::host_of_origin(origin))) {
      telemetry::log_warning(
          fmt::format("the certificate is not for {}: browsers will refuse it", key),
          "origin={} certificate={}", origin, certificate.string());
    }
  };
  const Config::Tls& tls = config.tls;
  check("http.origin", config.http.origin, shop_.get(), "tls.certificate", tls.certificate);
  check("console.origin", config.console.origin, console_.get(), "tls.console_certificate",
        tls.console_certificate);
}

void ListenerTls::write_metrics(telemetry::PrometheusText& text) const {
  if (!shop_ && !console_) return;
  text.family("stampede_tls_handshakes_total", "counter", "TLS handshakes, by how they ended.");
  const std::array listeners{std::pair{"shop", shop_.get()}, std::pair{"console", console_.get()}};
  for (const auto& [name, listener] : listeners) {
    if (listener == nullptr) continue;
    const http::tls::HandshakeCounts counts = listener->handshakes();
    for (const auto& [end, count] :
         {std::pair{"full", counts.full}, {"resumed", counts.resumed}, {"failed", counts.failed}}) {
      text.value("stampede_tls_handshakes_total",
                 fmt::format("listener=\"{}\",end=\"{}\"", name, end), static_cast<double>(count));
    }
  }
  text.family("stampede_tls_certificate_expires_seconds", "gauge",
              "When a certificate stops to be valid, since 1970.");
  for (const auto& [name, listener] : listeners) {
    if (listener == nullptr) continue;
    text.value("stampede_tls_certificate_expires_seconds", fmt::format("listener=\"{}\"", name),
               static_cast<double>(listener->certificate().expires().time_since_epoch().count()));
  }
}

ConfigErrors certificate_errors(const Config& config) {
  ConfigErrors errors;
  const auto check = [&errors](std::string_view name, const auto& certificate, const auto& key) {
    try {
      listener(certificate, key);
    } catch (const CertificateError& error) {
      errors.push_back(fmt::format("{}: {}", name, error.what()));
    }
  };
  check("tls.certificate and tls.key", config.tls.certificate, config.tls.key);
  check("tls.console_certificate and tls.console_key", config.tls.console_certificate,
        config.tls.console_key);
  return errors;
}

}  // namespace stampede::app
