#include "services/webhooks/target_url.h"

#include <gmock/gmock.h>

namespace stampede::services::webhooks {
namespace {

using testing::HasSubstr;

TEST(WebhookUrl, IsOneOfHttpsInThePublicNetwork) {
  for (const char* url :
       {"https://shop.example/webhooks", "https://shop.example", "https://shop.example:8443/a?b=c",
        "https://1.1.1.1/x", "https://[2606:4700::1111]:8443/x"}) {
    EXPECT_EQ(problem_of_url(url, false), std::nullopt) << url;
    EXPECT_EQ(problem_of_url(url, true), std::nullopt) << url;
  }
}

TEST(WebhookUrl, OfAMachineOfOnesOwnIsTakenOnlyWhereAllowed) {
  for (const char* url :
       {"http://shop.example/webhooks", "https://127.0.0.1/x", "https://localhost/x",
        "https://a.localhost:8080/x", "https://10.0.0.7:9/x", "https://[::1]/x",
        "https://[::ffff:10.0.0.1]/x", "https://169.254.169.254/latest"}) {
    const auto problem = problem_of_url(url, false);
    ASSERT_TRUE(problem) << url;
    EXPECT_THAT(*problem, HasSubstr("expected")) << url;
    EXPECT_EQ(problem_of_url(url, true), std::nullopt) << url;
  }
}

TEST(WebhookUrl, WhatIsNoneIsSaid) {
  for (const auto& [url, said] : std::vector<std::pair<std::string, std::string>>{
           {"", "no address of https"},
           {"ftp://shop.example/", "no address of https"},
           {"HTTPS://shop.example/", "no address of https"},
           {"https://", "no host"},
           {"https:///x", "no host"},
           {"https://:8080/x", "no host"},
           {"https://shop.example:0/x", "no host"},
           {"https://shop.example:99999/x", "no host"},
           {"https://shop_example/x", "no host"},
           {"https://[::1/x", "no host"},
           {"https://a:b@shop.example/x", "a user or a password"},
           {"https://shop.example@evil.example/x", "a user or a password"},
           {"https://shop.example/#x", "a fragment"},
           {"https://shop.example/a b", "a blank"},
           {"https://shop.example\\@evil.example/", "a blank"},
           {"https://shop.example/\r\nX: y", "a blank"},
           {"https://shop.example/\xc3\xa9", "a blank"},
           {"https://shop.example/" + std::string(512, 'x'), "expected 512 at most"}}) {
    const auto problem = problem_of_url(url, true);
    ASSERT_TRUE(problem) << url;
    EXPECT_THAT(*problem, HasSubstr(said)) << url;
    EXPECT_THAT(*problem, HasSubstr("expected")) << url;
  }
}

}  // namespace
}  // namespace stampede::services::webhooks
