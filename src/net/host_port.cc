#include "net/host_port.h"

#include <algorithm>
#include <charconv>

namespace stampede::net {
namespace {

bool may_be_in_host(char c) { return c > ' ' && c <= '~' && c != '/' && c != '@'; }

}  // namespace

std::optional<HostPort> HostPort::parse(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.begin(), digits.end(), port);
  if (error != std::errc{} || end != digits.end()) return std::nullopt;
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  const bool has_colons = host.find(':') != std::string_view::npos;
  if (host.empty() || bracketed != has_colons || host.find_first_of("[]") != host.npos ||
      !std::ranges::all_of(host, may_be_in_host)) {
    return std::nullopt;
  }
  return HostPort{std::string(host), port};
}

std::string HostPort::text() const {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]:" : host + ":") + std::to_string(port);
}

std::string_view host_of_authority(std::string_view authority) {
  if (authority.starts_with('[')) return authority.substr(1, authority.find(']') - 1);
  return authority.substr(0, authority.find(':'));
}

std::string_view host_of_origin(std::string_view origin) {
  const auto scheme = origin.find("://");
  return host_of_authority(scheme == origin.npos ? origin : origin.substr(scheme + 3));
}

}  // namespace stampede::net
