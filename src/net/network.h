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

}  // namespace stampede::net
