#include "net/public_address.h"

#include <algorithm>
#include <string_view>
#include <vector>

namespace stampede::net {
namespace {

std::vector<AddressRange> ranges(std::initializer_list<std::string_view> texts) {
  std::vector<AddressRange> parsed;
  for (const std::string_view text : texts) parsed.push_back(AddressRange::parse(text).value());
  return parsed;
}

bool any_contains(const std::vector<AddressRange>& ranges, const AddressRange::Bytes& address) {
  return std::ranges::any_of(ranges,
                             [&](const AddressRange& range) { return range.contains(address); });
}

}  // namespace

bool is_public(const AddressRange::Bytes& address) {
  static const auto kIpv4 = ranges({"::ffff:0:0/96"});
  static const auto kSpecialIpv4 =
      ranges({"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
              "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
              "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"});
  // All that is given to anybody; the rest of IPv6 is special or nobody's.
  static const auto kGlobalIpv6 = ranges({"2000::/3"});
  static const auto kSpecialIpv6 = ranges({"2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"});
  if (any_contains(kIpv4, address)) return !any_contains(kSpecialIpv4, address);
  return any_contains(kGlobalIpv6, address) && !any_contains(kSpecialIpv6, address);
}

}  // namespace stampede::net
