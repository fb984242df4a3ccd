#include "model/idempotency_key.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace stampede {
namespace {

TEST(IdempotencyKey, TakesItsAlphabetAndLengthsOnly) {
  EXPECT_TRUE(IdempotencyKey::parse("0123456789abcdef"));
  EXPECT_EQ(IdempotencyKey::parse("AZaz09-_AZaz09-_")->text(), "AZaz09-_AZaz09-_");
  EXPECT_TRUE(IdempotencyKey::parse(std::string(64, 'k')));
  EXPECT_FALSE(IdempotencyKey::parse(std::string(15, 'k')));
  EXPECT_FALSE(IdempotencyKey::parse(std::string(65, 'k')));
  EXPECT_FALSE(IdempotencyKey::parse("0123456789abcde "));
  EXPECT_FALSE(IdempotencyKey::parse("0123456789abcde'"));
  EXPECT_FALSE(IdempotencyKey::parse(std::string_view("0123456789abcde\0", 16)));
}

}  // namespace
}  // namespace stampede
