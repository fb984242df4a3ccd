#include "identity/fingerprint.h"

#include <gtest/gtest.h>

namespace stampede::identity {
namespace {

TEST(Fingerprint, IsOfThePartsAndOfWhereTheyEnd) {
  EXPECT_EQ(fingerprint({"a", "b"}).size(), 32U);
  EXPECT_EQ(fingerprint({"a", "b"}), fingerprint({"a", "b"}));
  EXPECT_NE(fingerprint({"a", "b"}), fingerprint({"ab", ""}));
  EXPECT_NE(fingerprint({"a", "b"}), fingerprint({"b", "a"}));
  EXPECT_NE(fingerprint({"a"}), fingerprint({"a", ""}));
}

TEST(Fingerprint, TextsAreEqualIfAllBytesAre) {
  EXPECT_TRUE(equal_in_constant_time("abc", "abc"));
  EXPECT_TRUE(equal_in_constant_time("", ""));
  EXPECT_FALSE(equal_in_constant_time("abc", "abd"));
  EXPECT_FALSE(equal_in_constant_time("abc", "ab"));
}

}  // namespace
}  // namespace stampede::identity
