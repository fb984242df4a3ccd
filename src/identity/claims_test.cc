#include "identity/claims.h"

#include <gtest/gtest.h>

#include <limits>

namespace stampede::identity {
namespace {

TEST(Claims, ReadBackAsWritten) {
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  constexpr auto kLeast = std::numeric_limits<std::int64_t>::min();
  const std::string bytes =
      ClaimWriter().integer(kMost).text("").integer(kLeast).text(std::string(255, 'x')).bytes();
  ClaimReader reader(bytes);
  EXPECT_EQ(reader.integer(), kMost);
  EXPECT_EQ(reader.text(), "");
  EXPECT_EQ(reader.integer(), kLeast);
  EXPECT_FALSE(reader.complete());
  EXPECT_EQ(reader.text(), std::string(255, 'x'));
  EXPECT_TRUE(reader.complete());
}

TEST(Claims, AreIncompleteWhenCutShortOrLonger) {
  const std::string bytes = ClaimWriter().integer(7).text("abc").bytes();
  for (std::size_t size = 0; size <= bytes.size() + 1; ++size) {
    const std::string other = (bytes + "more").substr(0, size);
    ClaimReader reader(other);
    reader.integer();
    reader.text();
    EXPECT_EQ(reader.complete(), size == bytes.size()) << size;
  }
}

}  // namespace
}  // namespace stampede::identity
