#include "captcha/external/spent_tokens.h"

#include <gtest/gtest.h>

namespace stampede::captcha {
namespace {

using Known = SpentTokens::Known;

Subject subject(std::int64_t buyer, std::int64_t product = 7,
                const char* key = "0123456789abcdef") {
  return {UserId{buyer}, ProductId{product}, *IdempotencyKey::parse(key)};
}

class SpentTokensTest : public testing::Test {
 protected:
  Tick now_{std::chrono::hours{1}};
  SpentTokens tokens_{3};
};

TEST_F(SpentTokensTest, ATokenIsNewOnce) {
  EXPECT_EQ(tokens_.look("t", subject(1), now_), Known::kNew);
  EXPECT_EQ(tokens_.look("t", subject(1), now_), Known::kNew) << "looking spends nothing";
  EXPECT_EQ(tokens_.spend("t", subject(1), now_), Known::kNew);
  EXPECT_EQ(tokens_.look("u", subject(1), now_), Known::kNew);
}

TEST_F(SpentTokensTest, OnlyTheSameIntentMaySendItAgain) {
  ASSERT_EQ(tokens_.spend("t", subject(1), now_), Known::kNew);
  EXPECT_EQ(tokens_.look("t", subject(1), now_), Known::kRepeated);
  EXPECT_EQ(tokens_.spend("t", subject(1), now_), Known::kRepeated);
  for (const Subject& other :
       {subject(2), subject(1, 8), subject(1, 7, "another-key-of-the-same-buyer")}) {
    EXPECT_EQ(tokens_.look("t", other, now_), Known::kSpent);
    EXPECT_EQ(tokens_.spend("t", other, now_), Known::kSpent);
  }
}

TEST_F(SpentTokensTest, TheSameIntentOnlyForAWhile) {
  ASSERT_EQ(tokens_.spend("t", subject(1), now_), Known::kNew);
  now_ += SpentTokens::kRepeatable - std::chrono::microseconds{1};
  EXPECT_EQ(tokens_.spend("t", subject(1), now_), Known::kRepeated) << "which is no longer while";
  now_ += std::chrono::microseconds{1};
  EXPECT_EQ(tokens_.look("t", subject(1), now_), Known::kSpent);
}

TEST_F(SpentTokensTest, IsForgottenWhenNoProviderTakesItAnyMore) {
  ASSERT_EQ(tokens_.spend("t", subject(1), now_), Known::kNew);
  now_ += SpentTokens::kKept - std::chrono::microseconds{1};
  EXPECT_EQ(tokens_.look("t", subject(2), now_), Known::kSpent);
  now_ += std::chrono::microseconds{1};
  EXPECT_EQ(tokens_.look("t", subject(2), now_), Known::kNew);
}

TEST_F(SpentTokensTest, KeepsNoMoreThanItsCapacity) {
  for (const char* token : {"a", "b", "c", "d"}) {
    ASSERT_EQ(tokens_.spend(token, subject(1), now_), Known::kNew);
  }
  EXPECT_EQ(tokens_.look("a", subject(2), now_), Known::kNew) << "the oldest";
  for (const char* token : {"b", "c", "d"}) {
    EXPECT_EQ(tokens_.look(token, subject(2), now_), Known::kSpent) << token;
  }
}

}  // namespace
}  // namespace stampede::captcha
