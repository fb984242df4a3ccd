#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace stampede::net {

/// Bits of an IPv6 address that one customer is given at least, as a rule (RFC 6177): the rest of
/// the address is the customer's to change.
inline constexpr int kCustomerPrefix = 64;

/// Whom limits "per address" count as one: an IPv4 address, also one that is mapped into IPv6, or
/// all IPv6 addresses with the same first `ipv6_prefix` bits (1 to 64). Different networks have
/// different numbers; what is no address is 0.
std::uint64_t network_of(std::string_view address, int ipv6_prefix = kCustomerPrefix);
std::uint64_t network_of(const std::array<std::uint8_t, 4>& address);
std::uint64_t network_of(const std::array<std::uint8_t, 16>& address,
                         int ipv6_prefix = kCustomerPrefix);

/// The site of a network: the largest that an IPv6 customer is given as a rule (48 bits, RFC 6177;
/// tunnels give as many), or the IPv4 address itself. A network of 48 bits or fewer is its own.
std::uint64_t site_of(std::uint64_t network);

}  // namespace stampede::net
