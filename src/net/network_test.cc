#include "net/network.h"

#include <gtest/gtest.h>

#include <set>

namespace stampede::net {
namespace {

TEST(Network, AnIpv4AddressIsOneByItself) {
  EXPECT_EQ(network_of("192.0.2.1"), 0xC0000201U);
  EXPECT_NE(network_of("192.0.2.1"), network_of("192.0.2.2"));
}

TEST(Network, AMappedAddressIsTheIpv4OneInIt) {
  EXPECT_EQ(network_of("::ffff:192.0.2.1"), network_of("192.0.2.1"));
}

TEST(Network, OfAnIpv6AddressThePrefixCounts) {
  EXPECT_EQ(network_of("2001:db8:1:2::1"), network_of("2001:db8:1:2:ffff:ffff:ffff:ffff"));
  EXPECT_NE(network_of("2001:db8:1:2::1"), network_of("2001:db8:1:3::1"));
  EXPECT_EQ(network_of("2001:db8:1:2::1", 56), network_of("2001:db8:1:ff::1", 56));
  EXPECT_NE(network_of("2001:db8:1:2::1", 56), network_of("2001:db8:1:102::1", 56));
  EXPECT_EQ(network_of("2001:db8:1:2::1", 32), network_of("2001:db8:ffff:2::1", 32));
}

TEST(Network, ASiteHasManyNetworksAndAnIpv4AddressIsItsOwn) {
  const auto site = [](const char* address, int prefix) {
    return site_of(network_of(address, prefix));
  };
  EXPECT_EQ(site("2001:db8:1:2::1", 56), site("2001:db8:1:ff02::1", 56));
  EXPECT_EQ(site("2001:db8:1:2::1", 64), site("2001:db8:1:3::1", 64));
  EXPECT_NE(site("2001:db8:1::1", 56), site("2001:db8:2::1", 56));
  EXPECT_EQ(site("2001:db8:1::1", 32), network_of("2001:db8::", 32));
  EXPECT_NE(site("192.0.2.1", 56), site("192.0.2.2", 56));
}

TEST(Network, TheInterfaceOfALinkLocalAddressDoesNotCount) {
  EXPECT_EQ(network_of("fe80::1%eth0"), network_of("fe80::2"));
}

TEST(Network, WhatIsNoAddressIsZero) {
  for (const char* text : {"", "localhost", "192.0.2", "192.0.2.256", "2001:db8::g",
                           "1111:2222:3333:4444:5555:6666:7777:8888:9999:0000:1111:2222"}) {
    EXPECT_EQ(network_of(text), 0U) << text;
  }
  EXPECT_EQ(network_of(std::string_view("192.0.2.1\0x", 11)), 0U);
}

TEST(Network, TextAndBytesAreTheSame) {
  EXPECT_EQ(network_of(std::array<std::uint8_t, 4>{192, 0, 2, 1}), network_of("192.0.2.1"));
  std::array<std::uint8_t, 16> v6{0x20, 0x01, 0x0d, 0xb8};
  v6[7] = 7;
  EXPECT_EQ(network_of(v6), network_of("2001:db8:0:7::"));
}

}  // namespace
}  // namespace stampede::net
