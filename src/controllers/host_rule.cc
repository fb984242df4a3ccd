#include "controllers/host_rule.h"

#include <algorithm>

#include "net/address_range.h"

namespace stampede::controllers {
namespace {

/// "[::1]:8080" → "::1", "Console.Example:8443" → "console.example".
std::string host_of(std::string_view authority) {
  if (authority.starts_with('[')) {
    return std::string(authority.substr(1, authority.find(']') - 1));
  }
  std::string host(authority.substr(0, authority.find(':')));
  std::ranges::transform(host, host.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return host;
}

bool is_address(std::string_view host) {
  return host.find('/') == host.npos && net::AddressRange::parse(host).has_value();
}

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "::1" || (host.starts_with("127.") && is_address(host));
}

}  // namespace

HostRule::HostRule(std::string_view origin, std::string_view listen) : listened_(host_of(listen)) {
  const auto scheme = origin.find("://");
  if (scheme != origin.npos) host_ = host_of(origin.substr(scheme + 3));
}

bool HostRule::allows(const http::Request& request) const {
  const std::string host = host_of(request.header("host"));
  if (!host_.empty()) return host == host_;
  if (is_loopback(host) || host == listened_) return true;
  return (listened_ == "0.0.0.0" || listened_ == "::") && is_address(host);
}

std::string HostRule::expected() const {
  if (!host_.empty()) return host_;
  if (listened_ == "0.0.0.0" || listened_ == "::") return "localhost, or an address";
  return is_loopback(listened_) ? "localhost, 127.0.0.1" : "localhost, 127.0.0.1, " + listened_;
}

}  // namespace stampede::controllers
