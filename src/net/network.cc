#include "net/network.h"

#include <arpa/inet.h>

#include <algorithm>

namespace stampede::net {
namespace {

/// ::ffff:0:0/96 (RFC 4291, 2.5.5.2).
constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

std::uint64_t big_endian(const std::uint8_t* bytes, int size) {
  std::uint64_t number = 0;
  for (int i = 0; i < size; ++i) number = number << 8 | bytes[i];
  return number;
}

}  // namespace

std::uint64_t network_of(const std::array<std::uint8_t, 4>& address) {
  // No IPv6 network that anybody is given begins with 32 bits that are 0 (RFC 4291, 2.4).
  return big_endian(address.data(), 4);
}

std::uint64_t network_of(const std::array<std::uint8_t, 16>& address, int ipv6_prefix) {
  if (std::equal(kMapped.begin(), kMapped.end(), address.begin())) {
    return big_endian(address.data() + kMapped.size(), 4);
  }
  return big_endian(address.data(), 8) & (~std::uint64_t{0} << (64 - ipv6_prefix));
}

std::uint64_t site_of(std::uint64_t network) {
  const bool ipv4 = network >> 32 == 0;
  return ipv4 ? network : network & ~std::uint64_t{0xFFFF};
}

std::uint64_t network_of(std::string_view address, int ipv6_prefix) {
  char text[INET6_ADDRSTRLEN];
  address = address.substr(0, address.find('%'));  // of a link-local address: the interface
  if (address.size() >= sizeof text || address.find('\0') != address.npos) return 0;
  text[address.copy(text, sizeof text - 1)] = '\0';
  std::array<std::uint8_t, 4> v4;
  if (::inet_pton(AF_INET, text, v4.data()) == 1) return network_of(v4);
  std::array<std::uint8_t, 16> v6;
  if (::inet_pton(AF_INET6, text, v6.data()) == 1) return network_of(v6, ipv6_prefix);
  return 0;
}

}  // namespace stampede::net
