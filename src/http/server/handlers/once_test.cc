#include "http/server/handlers/once.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

namespace stampede::http {
namespace {

using testing::HasSubstr;

constexpr std::array<std::string_view, 2> kHeaders{"Idempotency-Key", "Captcha-Pass"};
constexpr std::array<std::string_view, 3> kCookies{"sign", "uid", "form"};

/// The body of the refusal; empty: it is let through.
std::string refusal_of(std::vector<std::pair<std::string_view, std::string_view>> headers) {
  Once once;
  once.headers(kHeaders);
  once.cookies(kCookies);
  once.cookies(kCookies);  // a second handler of the same router
  Request request;
  request.headers = std::move(headers);
  const auto refused = once.refuse(request);
  if (refused) {
    EXPECT_EQ(refused->status, 400);
  }
  return refused ? refused->body : "";
}

TEST(Once, WhatComesOnceIsLetThrough) {
  EXPECT_EQ(refusal_of({}), "");
  EXPECT_EQ(refusal_of({{"Idempotency-Key", "a"},
                        {"Captcha-Pass", "b"},
                        {"Accept", "x"},
                        {"accept", "y"},
                        {"Cookie", "sign=1; uid=2; form=3"}}),
            "");
}

TEST(Once, AHeaderThatCameTwiceIsNamed) {
  const std::string refused =
      refusal_of({{"Idempotency-Key", "a"}, {"Host", "h"}, {"idempotency-KEY", "a"}});
  EXPECT_THAT(refused, HasSubstr("doubled-header"));
  EXPECT_THAT(refused, HasSubstr("“Idempotency-Key” came twice; expected it once"));
}

TEST(Once, ACookieThatCameTwiceIsNamed) {
  for (const auto& headers :
       std::vector<std::vector<std::pair<std::string_view, std::string_view>>>{
           {{"Cookie", "sign=1; theme=dark; sign=1"}},
           {{"Cookie", "sign=1"}, {"cookie", "a=b; sign=2"}},
           {{"Cookie", "sign=;sign="}},
           {{"Cookie", "uid=2; sign; sign=1"}}}) {
    EXPECT_THAT(refusal_of(headers), HasSubstr("The cookie “sign” came twice"));
  }
  EXPECT_THAT(refusal_of({{"Cookie", "__Host-sign=1; __Host-sign=2"}}),
              HasSubstr("“__Host-sign” came twice"));
}

TEST(Once, CookiesOfOthersAndOfAnotherNameAreNotOurs) {
  EXPECT_EQ(refusal_of({{"Cookie", "theme=1; theme=2; signs=1; signs=2; Sign=3; Sign=4"}}), "");
  EXPECT_EQ(refusal_of({{"Cookie", "sign=1; __Host-sign=2"}}), "");
}

}  // namespace
}  // namespace stampede::http
