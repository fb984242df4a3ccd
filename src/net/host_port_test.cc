#include "net/host_port.h"

#include <gmock/gmock.h>

namespace stampede::net {
namespace {

using ::testing::Eq;
using ::testing::Optional;

TEST(HostPort, ReadsNamesAndAddressesAndWritesThemAsTheyWere) {
  EXPECT_THAT(HostPort::parse("127.0.0.1:8083"), Optional(Eq(HostPort{"127.0.0.1", 8083})));
  EXPECT_THAT(HostPort::parse("[::1]:0"), Optional(Eq(HostPort{"::1", 0})));
  EXPECT_THAT(HostPort::parse("shop.example:65535"),
              Optional(Eq(HostPort{"shop.example", 65'535})));
  for (const char* text : {"127.0.0.1:8083", "[2001:db8::1]:80", "db-1:3306"}) {
    EXPECT_EQ(HostPort::parse(text).value().text(), text);
  }
}

TEST(HostPort, RefusesWhatIsNone) {
  for (const char* text :
       {"",           "host",     "host:",  ":80",          "host:65536", "host:-1", "host:+1",
        "host:8o",    "host: 80", "::1:80", "[]:80",        "[host]:80",  "[::1:80", "::1]:80",
        "[[::1]]:80", "a b:80",   "a/b:80", "user@host:80", "h\n:80",     "[:80",    "]:80"}) {
    EXPECT_EQ(HostPort::parse(text), std::nullopt) << text;
  }
}

TEST(HostOf, LeavesOutSchemePortAndBrackets) {
  for (const auto& [authority, host] : {std::pair{"Shop.example:8443", "Shop.example"},
                                        {"shop.example", "shop.example"},
                                        {"10.0.0.1:80", "10.0.0.1"},
                                        {"[::1]", "::1"},
                                        {"[2001:db8::1]:8443", "2001:db8::1"},
                                        {"evil//shop.example", "evil//shop.example"},
                                        {"[::1", "::1"},
                                        {"", ""}}) {
    EXPECT_EQ(host_of_authority(authority), host);
    EXPECT_EQ(host_of_origin("https://" + std::string(authority)), host);
  }
}

}  // namespace
}  // namespace stampede::net
