#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stampede::net {

/// Where a server is: "127.0.0.1:8083", "[::1]:8083", "shop.example:80".
struct HostPort {
  std::string host;  // a name or an address, without brackets
  std::uint16_t port = 0;

  /// nullopt for anything else: a port is 0 to 65535, and an IPv6 address, and nothing else, stands
  /// in brackets. Whether there is such a host is not asked.
  static std::optional<HostPort> parse(std::string_view text);
  std::string text() const;

  friend bool operator==(const HostPort&, const HostPort&) = default;
};

/// The host of an authority ("Shop.example:8443", "[::1]", "10.0.0.1"), as it is written, without
/// the port and without brackets. A view into `authority`. Checks nothing.
std::string_view host_of_authority(std::string_view authority);
/// The same of an origin ("https://shop.example:8443").
std::string_view host_of_origin(std::string_view origin);

}  // namespace stampede::net
