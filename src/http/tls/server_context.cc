#include "http/tls/server_context.h"

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

#include <span>
#include <stdexcept>
#include <string_view>

#include "http/tls/openssl_error.h"

namespace stampede::http::tls {
namespace {

constexpr const char* kCiphers12 =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* kCiphers13 =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr const char* kGroups = "X25519:P-256:P-384";
constexpr std::string_view kProtocols =
    "\x08http/1.1";  // as ALPN has a list: each after its length

void require(bool done, std::string_view what) {
  if (!done) throw std::runtime_error(fmt::format("TLS: {}: {}", what, openssl_error()));
}

int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size,
                    const unsigned char* offered, unsigned int offered_size, void*) {
  unsigned char* found = nullptr;
  const auto* ours = reinterpret_cast<const unsigned char*>(kProtocols.data());
  if (SSL_select_next_proto(&found, size, ours, kProtocols.size(), offered, offered_size) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;  // no_application_protocol (RFC 7301, 3.2)
  }
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

/// How OpenSSL asks for a ticket's key: 1 seals or opens with it, 2 opens with it and gives the
/// client a new ticket, 0 knows no such key, which makes the handshake a full one.
int ticket_key(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
               EVP_MAC_CTX* mac, int seal) {
  auto* keys = static_cast<TicketKeys*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  TicketKeys::Key key;
  bool is_current = true;
  if (seal != 0) {
    key = keys->current();
    std::copy(key.name.begin(), key.name.end(), name);
    if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1) return -1;
  } else {
    const auto found = keys->find(
        std::span<const unsigned char, TicketKeys::kNameSize>(name, TicketKeys::kNameSize));
    if (!found) return 0;
    key = found->key;
    is_current = found->is_current;
  }
  OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key.mac.data(), key.mac.size()),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, const_cast<char*>("sha256"), 0),
      OSSL_PARAM_construct_end()};
  const bool ready = EVP_MAC_CTX_set_params(mac, parameters) == 1 &&
                     EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key.cipher.data(), iv,
                                       seal != 0 ? 1 : 0) == 1;
  OPENSSL_cleanse(&key, sizeof key);
  if (!ready) return -1;
  // In TLS 1.3 a ticket is for one use (RFC 8446, C.4).
  return seal != 0 || (is_current && SSL_version(ssl) < TLS1_3_VERSION) ? 1 : 2;
}

void use(SSL_CTX& context, const CertificateFiles& files, const Certificate& certificate) {
  if (SSL_CTX_use_certificate(&context, certificate.leaf()) != 1 ||
      SSL_CTX_use_PrivateKey(&context, certificate.key()) != 1) {
    throw CertificateError(
        fmt::format("{}: OpenSSL refuses it: {}", files.certificate.string(), openssl_error()));
  }
  for (std::size_t i = 1; i < certificate.chain().size(); ++i) {
    if (SSL_CTX_add1_chain_cert(&context, certificate.chain()[i].get()) != 1) {
      throw CertificateError(fmt::format("{}: OpenSSL refuses its certificate {}: {}",
                                         files.certificate.string(), i + 1, openssl_error()));
    }
  }
}

}  // namespace

std::shared_ptr<SSL_CTX> make_server_context(const CertificateFiles& files,
                                             const Certificate& certificate, TicketKeys& tickets) {
  ERR_clear_error();
  const std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  SSL_CTX* const ctx = context.get();
  require(ctx != nullptr, "no context");
  SSL_CTX_set_security_level(ctx, 2);  // no key below 112 bits of security
  require(SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1, "versions");
  require(SSL_CTX_set_cipher_list(ctx, kCiphers12) == 1, kCiphers12);
  require(SSL_CTX_set_ciphersuites(ctx, kCiphers13) == 1, kCiphers13);
  require(SSL_CTX_set1_groups_list(ctx, kGroups) == 1, kGroups);
  // The end of a message is known from HTTP, so an end without close_notify is an end like others.
  SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                               SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
                               SSL_OP_IGNORE_UNEXPECTED_EOF);
  // A record is repeated from wherever its bytes are then; buffers of idle connections are freed.
  SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                            SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(ctx, 1);
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_timeout(ctx, static_cast<long>(TicketKeys::kPeriod.count()));
  SSL_CTX_set_app_data(ctx, &tickets);
  require(SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, ticket_key) == 1, "tickets");
  SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, nullptr);
  use(*ctx, files, certificate);
  return context;
}

}  // namespace stampede::http::tls
