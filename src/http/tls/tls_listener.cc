#include "http/tls/tls_listener.h"

#include <openssl/ssl.h>

#include <utility>

#include "concurrency/mutex.h"
#include "http/tls/server_context.h"
#include "http/tls/ticket_keys.h"
#include "http/tls/tls_transport.h"

namespace stampede::http::tls {
namespace {

struct Shown {
  Certificate certificate;
  std::shared_ptr<SSL_CTX> context;
};

Shown read(const CertificateFiles& files, TicketKeys& tickets) {
  Certificate certificate = Certificate::read(files);
  auto context = make_server_context(files, certificate, tickets);
  return {std::move(certificate), std::move(context)};
}

}  // namespace

struct TlsListener::Shared {
  explicit Shared(CertificateFiles the_files)
      : files(std::move(the_files)), shown(read(files, tickets)) {}

  const CertificateFiles files;
  TicketKeys tickets;
  HandshakeCounters counters;
  concurrency::Guarded<Shown> shown;
};

TlsListener::TlsListener(CertificateFiles files)
    : shared_(std::make_shared<Shared>(std::move(files))) {}
TlsListener::~TlsListener() = default;

TransportLayer TlsListener::layer() const {
  return [shared = shared_](std::unique_ptr<Transport> below) -> std::unique_ptr<Transport> {
    const auto context = shared->shown.with([](const Shown& shown) { return shown.context; });
    return std::make_unique<TlsTransport>(std::move(below), *context, shared->counters);
  };
}

void TlsListener::reload() { shared_->shown.set(read(shared_->files, shared_->tickets)); }

Certificate TlsListener::certificate() const {
  return shared_->shown.with([](const Shown& shown) { return shown.certificate; });
}

HandshakeCounts TlsListener::handshakes() const {
  const HandshakeCounters& counters = shared_->counters;
  return {.full = counters.full, .resumed = counters.resumed, .failed = counters.failed};
}

}  // namespace stampede::http::tls
