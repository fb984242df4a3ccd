#include "http/server/connections.h"

#include <gmock/gmock.h>

namespace stampede::http {
namespace {

boost::asio::ip::address address(const char* text) { return boost::asio::ip::make_address(text); }

TEST(ConnectionCaps, CountsEachAddressAndAll) {
  ConnectionCaps caps(3, 2);
  auto a1 = caps.acquire(address("10.0.0.1"), false);
  auto a2 = caps.acquire(address("10.0.0.1"), false);
  EXPECT_TRUE(a1 && a2);
  EXPECT_FALSE(caps.acquire(address("10.0.0.1"), false));
  auto b = caps.acquire(address("10.0.0.2"), false);
  EXPECT_TRUE(b);
  EXPECT_FALSE(caps.acquire(address("10.0.0.3"), false));
  EXPECT_FALSE(caps.acquire(address("10.0.0.3"), true));
  { const auto ended = *std::move(a1); }
  EXPECT_TRUE(caps.acquire(address("10.0.0.1"), false));  // and given back at once
  EXPECT_EQ(caps.open(), 2U);
}

TEST(ConnectionCaps, AnIpv6HostIsItsSlash64) {
  ConnectionCaps caps(100, 1);
  const auto first = caps.acquire(address("2001:db8:0:1::1"), false);
  EXPECT_FALSE(caps.acquire(address("2001:db8:0:1:ffff::2"), false));
  EXPECT_TRUE(caps.acquire(address("2001:db8:0:2::1"), false));
}

TEST(ConnectionCaps, WaitsUntilNoneIsOpen) {
  ConnectionCaps caps(1, 1);
  auto slot = caps.acquire(address("10.0.0.1"), false);
  EXPECT_FALSE(caps.wait_until_none(std::chrono::steady_clock::now()));
  { const auto ended = *std::move(slot); }
  EXPECT_TRUE(caps.wait_until_none(std::chrono::steady_clock::now()));
}

TEST(TrustedProxies, KnowsAnAddressInEitherFamily) {
  const TrustedProxies proxies({"10.0.0.1", "2001:db8::1"});
  EXPECT_TRUE(proxies.contains(address("10.0.0.1")));
  EXPECT_TRUE(proxies.contains(address("::ffff:10.0.0.1")));
  EXPECT_TRUE(proxies.contains(address("2001:db8::1")));
  EXPECT_FALSE(proxies.contains(address("10.0.0.2")));
}

TEST(TrustedProxies, KnowsEveryAddressOfANetwork) {
  const TrustedProxies proxies({"10.0.0.0/8", "2001:db8::/32"});
  EXPECT_TRUE(proxies.contains(address("10.255.0.7")));
  EXPECT_TRUE(proxies.contains(address("::ffff:10.255.0.7")));
  EXPECT_TRUE(proxies.contains(address("2001:db8:ffff::1")));
  EXPECT_FALSE(proxies.contains(address("11.0.0.1")));
  EXPECT_EQ(proxies.client_of("1.1.1.1, 2.2.2.2, 10.1.1.1, 10.2.2.2"), "2.2.2.2");
}

TEST(TrustedProxies, TakesTheLastHopItDoesNotTrust) {
  const TrustedProxies proxies({"10.0.0.1", "10.0.0.2"});
  EXPECT_EQ(proxies.client_of("1.1.1.1, 2.2.2.2,10.0.0.1, 10.0.0.2"), "2.2.2.2");
  EXPECT_EQ(proxies.client_of("2001:db8::5"), "2001:db8::5");
  EXPECT_EQ(proxies.client_of("10.0.0.1"), "");
  EXPECT_EQ(proxies.client_of("1.1.1.1, unknown"), "");
  EXPECT_EQ(proxies.client_of(""), "");
  EXPECT_EQ(proxies.client_of(std::string_view("1.1.1.1\0x", 9)), "");
}

}  // namespace
}  // namespace stampede::http
