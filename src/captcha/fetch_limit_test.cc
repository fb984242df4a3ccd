#include "captcha/fetch_limit.h"

#include <gtest/gtest.h>

namespace stampede::captcha {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Now at(milliseconds time) { return {Instant{}, Tick{time}}; }

TEST(CaptchaFetchLimit, SoManyAMinuteOfEachKindAndBuyer) {
  FetchLimit limit(3);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(limit.admit(UserId{1}, Kind::kPicture, at(seconds{i})));
    EXPECT_EQ(limit.given(UserId{1}, Kind::kPicture, at(seconds{i})), i + 1);
  }
  EXPECT_EQ(limit.given(UserId{2}, Kind::kPicture, at(seconds{2})), 0);
  EXPECT_FALSE(limit.admit(UserId{1}, Kind::kPicture, at(milliseconds{58'500})));
  EXPECT_EQ(limit.given(UserId{1}, Kind::kPicture, at(milliseconds{58'500})), 3);
  EXPECT_EQ(limit.given(UserId{1}, Kind::kWork, at(milliseconds{58'500})), 0);
  EXPECT_EQ(limit.left(UserId{1}, Kind::kPicture, at(milliseconds{58'500})), milliseconds{1500});
  EXPECT_TRUE(limit.admit(UserId{1}, Kind::kWork, at(seconds{59}))) << "the other way stays open";
  EXPECT_TRUE(limit.admit(UserId{2}, Kind::kPicture, at(seconds{59})));
  EXPECT_TRUE(limit.admit(UserId{1}, Kind::kPicture, at(seconds{60})));
}

TEST(CaptchaFetchLimit, WhatWasNotGivenDoesNotCount) {
  FetchLimit limit(1);
  for (int i = 0; i < 9; ++i) {
    EXPECT_TRUE(limit.admit(UserId{1}, Kind::kPicture, at(seconds{i})));
    limit.forgive(UserId{1}, Kind::kPicture);
    EXPECT_EQ(limit.given(UserId{1}, Kind::kPicture, at(seconds{i})), 0);
  }
}

}  // namespace
}  // namespace stampede::captcha
