// Addresses: X-Forwarded-For of a trusted proxy (http/server/connections.h), networks
// (net/network.h), HOST:PORT (net/host_port.h).
#include <arpa/inet.h>

#include <string>

#include "http/server/connections.h"
#include "http/text.h"
#include "net/host_port.h"
#include "net/network.h"
#include "tests/fuzz/fuzz.h"

namespace stampede::fuzz {
namespace {

/// The other opinion; without the interface of a link-local address.
bool is_address(std::string_view text) {
  text = text.substr(0, text.find('%'));
  if (text.find('\0') != text.npos) return false;
  unsigned char bytes[16];
  const std::string copy(text);
  return inet_pton(AF_INET, copy.c_str(), bytes) == 1 ||
         inet_pton(AF_INET6, copy.c_str(), bytes) == 1;
}

bool is_proxy(std::string_view hop) {
  return hop == "10.0.0.1" || hop == "::ffff:10.0.0.1" || hop == "2001:db8::1";
}

/// The last hop that is no proxy, and only if all behind it are.
bool check_forwarded(std::string_view header) {
  static const http::TrustedProxies kProxies({"10.0.0.1", "2001:db8::1"});
  const std::string_view client = kProxies.client_of(header);
  if (client.empty()) return false;
  require(client.data() >= header.data() &&
              client.data() + client.size() <= header.data() + header.size(),
          "the client is a part of the header");
  require(is_address(client), "the client is an address");
  require(net::network_of(client) != 0 || client.starts_with("0.0.0.0") ||
              client.find(':') != client.npos,
          "the client is in a network");
  require(!is_proxy(client), "the client is no proxy");
  auto behind = static_cast<std::size_t>(client.data() + client.size() - header.data());
  std::string_view rest = header.substr(behind);
  require(http::trimmed(http::cut_front(rest, ',')).empty(), "a hop ends at a comma");
  while (!rest.empty()) {
    const std::string_view hop = http::trimmed(http::cut_front(rest, ','));
    require(is_address(hop), "behind the client there are addresses only");
    require(!kProxies.client_of(hop).data(), "and they are proxies");
  }
  return true;
}

bool check_host_port(std::string_view text) {
  const auto endpoint = net::HostPort::parse(text);
  if (!endpoint) return false;
  require(net::HostPort::parse(endpoint->text()) == endpoint, "HOST:PORT is read as it is written");
  require(endpoint->host.find('\0') == std::string::npos, "no host has a NUL");
  return true;
}

bool check_network(std::string_view text) {
  const auto network = net::network_of(text);
  const std::string copy(text.substr(0, text.find('%')));
  std::array<std::uint8_t, 4> v4;
  std::array<std::uint8_t, 16> v6;
  if (copy.find('\0') != copy.npos) {
    require(network == 0, "what holds a NUL is no address");
  } else if (inet_pton(AF_INET, copy.c_str(), v4.data()) == 1) {
    require(network == net::network_of(v4), "an address in text is the address in bytes");
    return true;
  } else if (inet_pton(AF_INET6, copy.c_str(), v6.data()) == 1) {
    require(network == net::network_of(v6), "an address in text is the address in bytes");
    return true;
  } else {
    require(network == 0, "what is no address has no network");
  }
  return false;
}

}  // namespace

bool accepts(std::string_view bytes) {
  return check_forwarded(bytes) | check_host_port(bytes) | check_network(bytes);
}

}  // namespace stampede::fuzz
