#pragma once

#include <memory>

#include "http/tls/certificate.h"
#include "http/tls/ticket_keys.h"

struct ssl_ctx_st;

namespace stampede::http::tls {

/// What the connections of a listener have in common: TLS 1.2 and 1.3 (RFC 5246, 8446) with the
/// ciphers that Mozilla's guidelines call intermediate, but without finite-field Diffie-Hellman;
/// http/1.1 by ALPN (RFC 7301); tickets and no session cache; no renegotiation, no early data, no
/// compression. `tickets` outlives it and every connection that is made from it. Throws
/// CertificateError if OpenSSL refuses the certificate: too weak, as a rule.
std::shared_ptr<ssl_ctx_st> make_server_context(const CertificateFiles& files,
                                                const Certificate& certificate,
                                                TicketKeys& tickets);

}  // namespace stampede::http::tls
