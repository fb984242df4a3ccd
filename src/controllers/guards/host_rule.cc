#include "controllers/guards/host_rule.h"

#include <algorithm>

#include "net/address_range.h"
#include "net/host_port.h"

namespace stampede::controllers {
namespace {

/// "[::1]:8080" → "::1", "Console.Example:8443" → "console.example".
std::string host_of(std::string_view authority) {
  std::string host(net::host_of_authority(authority));
  std::ranges::transform(host, host.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return host;
}

/// An address is the same however it is written: "::1", "0:0:0:0:0:0:0:1".
bool same_host(std::string_view host, std::string_view other) {
  if (host == other) return true;
  const auto address = net::AddressRange::address(host);
  return address && address == net::AddressRange::address(other);
}

bool is_loopback(std::string_view host) {
  static const auto kIpv4 = net::AddressRange::parse("127.0.0.0/8").value();
  static const auto kIpv6 = net::AddressRange::parse("::1").value();
  if (host == "localhost") return true;
  const auto address = net::AddressRange::address(host);
  return address && (kIpv4.contains(*address) || kIpv6.contains(*address));
}

bool is_any(std::string_view listened) {
  return same_host(listened, "0.0.0.0") || same_host(listened, "::");
}

}  // namespace

HostRule::HostRule(std::string_view origin, std::string_view listen) : listened_(host_of(listen)) {
  const auto scheme = origin.find("://");
  if (scheme != origin.npos) host_ = host_of(origin.substr(scheme + 3));
}

bool HostRule::allows(const http::Request& request) const {
  const std::string host = host_of(request.header("host"));
  if (!host_.empty()) return same_host(host, host_);
  if (is_loopback(host) || same_host(host, listened_)) return true;
  return is_any(listened_) && net::AddressRange::address(host);
}

std::string HostRule::expected() const {
  if (!host_.empty()) return host_;
  if (is_any(listened_)) return "localhost, or an address";
  return is_loopback(listened_) ? "localhost, 127.0.0.1" : "localhost, 127.0.0.1, " + listened_;
}

}  // namespace stampede::controllers
