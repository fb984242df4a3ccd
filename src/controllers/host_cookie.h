#pragma once

#include <string>
#include <string_view>

namespace stampede::controllers {

/// The name of a cookie that no other host and no plain HTTP may set or read: behind `__Host-`
/// (RFC 6265bis, 4.1.3), where the request came over TLS. Browsers keep such a cookie only with
/// Secure and Path=/ and without Domain.
inline std::string host_cookie(std::string_view name, bool secure) {
  return (secure ? "__Host-" : "") + std::string(name);
}

}  // namespace stampede::controllers
