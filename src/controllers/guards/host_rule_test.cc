#include "controllers/guards/host_rule.h"

#include <gtest/gtest.h>

namespace stampede::controllers {
namespace {

bool allows(const HostRule& rule, std::string_view host) {
  http::Request request;
  request.headers.emplace_back("Host", host);
  return rule.allows(request);
}

TEST(HostRule, TheOriginsHostAlone) {
  const HostRule rule("https://console.example:8443", "127.0.0.1:8080");
  for (const char* ours : {"console.example", "console.example:8443", "Console.Example:80"}) {
    EXPECT_TRUE(allows(rule, ours)) << ours;
  }
  for (const char* other : {"", "127.0.0.1:8080", "localhost", "evil.example",
                            "console.example.evil.example", "evil.console.example", "[::1]"}) {
    EXPECT_FALSE(allows(rule, other)) << other;
  }
  EXPECT_TRUE(allows(HostRule("https://[::1]:8443", "[::1]:8080"), "[::1]:8443"));
  EXPECT_EQ(rule.expected(), "console.example");
}

TEST(HostRule, WithoutAnOriginTheLoopbackAndWhereItListens) {
  const HostRule rule("", "10.0.0.7:8080");
  for (const char* ours : {"localhost:8080", "LOCALHOST", "127.0.0.1", "127.8.8.8:1", "[::1]:8080",
                           "10.0.0.7", "10.0.0.7:99"}) {
    EXPECT_TRUE(allows(rule, ours)) << ours;
  }
  for (const char* other : {"10.0.0.8", "evil.example", "127.0.0.1.evil.example", "127.evil", "",
                            "[::2]", "localhost.evil.example"}) {
    EXPECT_FALSE(allows(rule, other)) << other;
  }
  EXPECT_EQ(rule.expected(), "localhost, 127.0.0.1, 10.0.0.7");
}

TEST(HostRule, AnAddressIsTheSameHoweverItIsWritten) {
  const HostRule loopback("", "[::1]:8080");
  const HostRule origin("https://[2001:db8::7]", "127.0.0.1:8080");
  const HostRule listened("", "[2001:DB8:0:0::7]:8080");
  EXPECT_TRUE(allows(loopback, "[0:0:0:0:0:0:0:1]:8080"));
  EXPECT_TRUE(allows(loopback, "[::0001]"));
  for (const HostRule* rule : {&origin, &listened}) {
    EXPECT_TRUE(allows(*rule, "[2001:db8:0:0:0:0:0:7]"));
    EXPECT_TRUE(allows(*rule, "[2001:DB8::7]:8080"));
    EXPECT_FALSE(allows(*rule, "[2001:db8::70]"));
    EXPECT_FALSE(allows(*rule, "[2001:db8::7/128]"));
  }
  const HostRule everywhere("", "[0:0::0]:8080");
  EXPECT_TRUE(allows(everywhere, "[2001:db8::1]"));
}

TEST(HostRule, WhereItListensEverywhereEveryAddressAndNoName) {
  for (const char* listen : {"0.0.0.0:8080", "[::]:8080"}) {
    const HostRule rule("", listen);
    EXPECT_TRUE(allows(rule, "192.0.2.7:8080"));
    EXPECT_TRUE(allows(rule, "[2001:db8::1]"));
    EXPECT_FALSE(allows(rule, "evil.example"));
    EXPECT_FALSE(allows(rule, "192.0.2.0/24"));
  }
}

}  // namespace
}  // namespace stampede::controllers
