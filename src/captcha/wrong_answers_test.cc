#include "captcha/wrong_answers.h"

#include <gtest/gtest.h>

namespace stampede::captcha {
namespace {

Now at(int second) { return {Instant{}, Tick{std::chrono::seconds{second}}}; }

TEST(WrongAnswers, FiveAMinutePerBuyer) {
  WrongAnswers wrong;
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(wrong.admit(UserId{1}, at(i)));
  EXPECT_FALSE(wrong.admit(UserId{1}, at(59)));
  EXPECT_EQ(wrong.left(UserId{1}, at(59)), std::chrono::seconds{1});
  EXPECT_TRUE(wrong.admit(UserId{2}, at(59)));
  EXPECT_TRUE(wrong.admit(UserId{1}, at(60)));
}

TEST(WrongAnswers, RightOnesDoNotCount) {
  WrongAnswers wrong;
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(wrong.admit(UserId{1}, at(i)));
    wrong.forgive(UserId{1});
  }
}

}  // namespace
}  // namespace stampede::captcha
