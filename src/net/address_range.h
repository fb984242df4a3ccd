#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace stampede::net {

/// The words for what AddressRange::parse() takes.
inline constexpr std::string_view kAddressRangeForm =
    "IPv4 or IPv6 addresses, or networks like 10.0.0.0/8 with no bit set beyond the prefix";

/// One address, or all addresses with the same first bits (CIDR, RFC 4632): "10.0.0.1",
/// "10.0.0.0/8", "2001:db8::/32". An IPv4 address is the same one when it is mapped into IPv6.
class AddressRange {
 public:
  using Bytes = std::array<std::uint8_t, 16>;  // of IPv6; IPv4 is mapped (RFC 4291, 2.5.5.2)

  /// nullopt for anything else: no address, a prefix that is 0, too long or no number of digits, or
  /// bits that are set beyond the prefix, which are a mistake more often than not.
  static std::optional<AddressRange> parse(std::string_view text);
  /// One address, without a prefix: its value, however it is written. nullopt for anything else.
  static std::optional<Bytes> address(std::string_view text);

  bool contains(const Bytes& address) const;
  bool contains(const std::array<std::uint8_t, 4>& address) const;

 private:
  AddressRange(const Bytes& first, int bits) : first_(first), bits_(bits) {}

  Bytes first_;
  int bits_;  // that an address has in common with it: 1 to 128
};

}  // namespace stampede::net
