#include "net/address_range.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <string>

namespace stampede::net {
namespace {

constexpr int kIpv4Begins = 96;  // bits of ::ffff:0:0/96
constexpr int kAllBits = 128;

AddressRange::Bytes mapped(const std::array<std::uint8_t, 4>& address) {
  AddressRange::Bytes bytes{};
  bytes[10] = bytes[11] = 0xFF;
  std::ranges::copy(address, bytes.begin() + 12);
  return bytes;
}

struct ReadAddress {
  AddressRange::Bytes bytes;
  int before;  // bits that a prefix does not count: it was written as IPv4
};
std::optional<ReadAddress> read_address(std::string_view text) {
  const std::string copy(text);
  if (copy.find('\0') != std::string::npos) return std::nullopt;  // where inet_pton() stops
  std::array<std::uint8_t, 4> v4{};
  if (inet_pton(AF_INET, copy.c_str(), v4.data()) == 1) {
    return ReadAddress{mapped(v4), kIpv4Begins};
  }
  AddressRange::Bytes bytes{};
  if (inet_pton(AF_INET6, copy.c_str(), bytes.data()) != 1) return std::nullopt;
  return ReadAddress{bytes, 0};
}

/// Keeps the first `bits` and clears the others.
AddressRange::Bytes masked(AddressRange::Bytes bytes, int bits) {
  for (int i = 0; i < static_cast<int>(bytes.size()); ++i) {
    const int kept = std::clamp(bits - 8 * i, 0, 8);
    bytes[static_cast<std::size_t>(i)] &= static_cast<std::uint8_t>(0xFF << (8 - kept));
  }
  return bytes;
}

std::optional<int> parse_prefix(std::string_view digits) {
  int bits = 0;
  const auto [stopped, error] = std::from_chars(digits.begin(), digits.end(), bits);
  const bool plain = !digits.starts_with('0') && !digits.starts_with('-');  // not 08, not 0
  if (error != std::errc{} || stopped != digits.end() || !plain) return std::nullopt;
  return bits;
}

}  // namespace

std::optional<AddressRange> AddressRange::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto read = read_address(text.substr(0, slash));
  if (!read) return std::nullopt;
  const auto& [first, before] = *read;
  int bits = kAllBits;
  if (slash != text.npos) {
    const auto prefix = parse_prefix(text.substr(slash + 1));
    if (!prefix || *prefix > kAllBits - before) return std::nullopt;
    bits = before + *prefix;
  }
  if (masked(first, bits) != first) return std::nullopt;
  return AddressRange(first, bits);
}

std::optional<AddressRange::Bytes> AddressRange::address(std::string_view text) {
  const auto read = read_address(text);
  return read ? std::optional(read->bytes) : std::nullopt;
}

bool AddressRange::contains(const Bytes& address) const { return masked(address, bits_) == first_; }

bool AddressRange::contains(const std::array<std::uint8_t, 4>& address) const {
  return contains(mapped(address));
}

}  // namespace stampede::net
