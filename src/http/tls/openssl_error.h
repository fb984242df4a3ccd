#pragma once

#include <string>

namespace stampede::http::tls {

/// Why OpenSSL's last call of this thread failed, in its words; empties its queue of errors.
std::string openssl_error();

}  // namespace stampede::http::tls
