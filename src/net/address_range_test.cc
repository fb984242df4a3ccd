#include "net/address_range.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <string>

namespace stampede::net {
namespace {

bool contains(const char* range, const char* address) {
  const auto parsed = AddressRange::parse(range);
  EXPECT_TRUE(parsed) << range;
  if (!parsed) return false;
  std::array<std::uint8_t, 4> v4{};
  if (inet_pton(AF_INET, address, v4.data()) == 1) return parsed->contains(v4);
  AddressRange::Bytes v6{};
  EXPECT_EQ(inet_pton(AF_INET6, address, v6.data()), 1) << address;
  return parsed->contains(v6);
}

TEST(AddressRange, AnAddressIsItself) {
  EXPECT_TRUE(contains("10.0.0.1", "10.0.0.1"));
  EXPECT_TRUE(contains("10.0.0.1", "::ffff:10.0.0.1"));
  EXPECT_TRUE(contains("::ffff:10.0.0.1", "10.0.0.1"));
  EXPECT_FALSE(contains("10.0.0.1", "10.0.0.2"));
  EXPECT_TRUE(contains("2001:db8::1", "2001:db8::1"));
  EXPECT_FALSE(contains("2001:db8::1", "2001:db8::2"));
}

TEST(AddressRange, ANetworkIsAllOfItsAddresses) {
  EXPECT_TRUE(contains("10.0.0.0/8", "10.255.0.7"));
  EXPECT_FALSE(contains("10.0.0.0/8", "11.0.0.0"));
  EXPECT_TRUE(contains("10.0.0.128/25", "10.0.0.255"));
  EXPECT_FALSE(contains("10.0.0.128/25", "10.0.0.127"));
  EXPECT_TRUE(contains("10.0.0.1/32", "10.0.0.1"));
  EXPECT_TRUE(contains("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(contains("2001:db8::/33", "2001:db8:8000::1"));
  EXPECT_TRUE(contains("128.0.0.0/1", "255.0.0.1"));
  EXPECT_FALSE(contains("128.0.0.0/1", "::1")) << "a network of IPv4 has no address of IPv6";
}

TEST(AddressRange, NothingElse) {
  for (const std::string& text :
       {std::string("10.0.0.1/8"), std::string("10.0.0.0/33"), std::string("2001:db8::/129"),
        std::string("0.0.0.0/0"), std::string("::/0"), std::string("10.0.0.0/"),
        std::string("10.0.0.0/08"), std::string("10.0.0.0/-8"), std::string("10.0.0.0/8 "),
        std::string("10.0.0.0/8/8"), std::string("/8"), std::string(""), std::string("proxy"),
        std::string("10.0.0/8"), std::string("10.0.0.1\0x", 10)}) {
    EXPECT_FALSE(AddressRange::parse(text)) << text;
  }
}

}  // namespace
}  // namespace stampede::net
