#pragma once

#include <string>
#include <string_view>

#include "http/host_prefix.h"
#include "http/message.h"

namespace stampede::controllers {

/// The name of a cookie: behind http::kHostPrefix where the request came over TLS.
inline std::string host_cookie(std::string_view name, bool secure) {
  return std::string(secure ? http::kHostPrefix : "").append(name);
}

/// The value of the cookie behind `__Host-`, or else of the one without, which an older release set
/// or a neighbour's host: for what does no harm then.
inline std::string_view host_cookie_or_older(const http::Request& request, std::string_view name) {
  const std::string_view bound = request.cookie(host_cookie(name, true));
  return bound.empty() ? request.cookie(name) : bound;
}

}  // namespace stampede::controllers
