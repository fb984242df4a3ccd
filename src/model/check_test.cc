#include "model/check.h"

#include <gtest/gtest.h>

namespace stampede {
namespace {

TEST(Check, GoesOnWhereTheConditionHoldsAndAsksItOnce) {
  int asked = 0;
  STAMPEDE_CHECK(++asked == 1, "it is asked once");
  EXPECT_EQ(asked, 1);
}

// The rooms are compiled as they ship, with NDEBUG: an assert would say nothing here.
TEST(CheckDeathTest, AbortsAndSaysWhereAndWhat) {
  const int sold = 2;
  EXPECT_EXIT(STAMPEDE_CHECK(sold <= 1, "no unit is sold twice"), testing::KilledBySignal(SIGABRT),
              "check_test.cc:[0-9]+: check failed: sold <= 1: no unit is sold twice");
}

}  // namespace
}  // namespace stampede
