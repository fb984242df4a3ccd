#pragma once

#include <string>
#include <string_view>

#include "http/message.h"

namespace stampede::controllers {

/// The name of a cookie that no other host and no plain HTTP may set or read: behind `__Host-`
/// (RFC 6265bis, 4.1.3), where the request came over TLS. Browsers keep such a cookie only with
/// Secure and Path=/ and without Domain.
inline std::string host_cookie(std::string_view name, bool secure) {
  return (secure ? "__Host-" : "") + std::string(name);
}

/// The value of the cookie behind `__Host-`, or else of the one without, which an older release set
/// or a neighbour's host: for what does no harm then.
inline std::string_view host_cookie_or_older(const http::Request& request, std::string_view name) {
  const std::string_view bound = request.cookie(host_cookie(name, true));
  return bound.empty() ? request.cookie(name) : bound;
}

}  // namespace stampede::controllers
