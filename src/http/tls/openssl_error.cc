#include "http/tls/openssl_error.h"

#include <openssl/err.h>

namespace stampede::http::tls {

std::string openssl_error() {
  // The last one is nearest to what was called; those before it are its causes.
  const unsigned long error = ERR_peek_last_error();
  ERR_clear_error();
  const char* reason = ERR_reason_error_string(error);
  return reason != nullptr ? reason : "no reason given";
}

}  // namespace stampede::http::tls
