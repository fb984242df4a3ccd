#pragma once

#include <string_view>

namespace stampede::http {

/// What the name of a cookie begins with that no other host and no plain HTTP may set or read
/// (RFC 6265bis, 4.1.3). Browsers keep such a cookie only with Secure and Path=/ and without
/// Domain.
inline constexpr std::string_view kHostPrefix = "__Host-";

}  // namespace stampede::http
