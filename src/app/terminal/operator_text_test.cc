#include "app/terminal/operator_text.h"

#include <gtest/gtest.h>

#include <string>

namespace stampede::app {
namespace {

using std::chrono::milliseconds;

TEST(ParseDuration, TakesEveryUnit) {
  EXPECT_EQ(parse_duration("500ms"), milliseconds{500});
  EXPECT_EQ(parse_duration("10s"), milliseconds{10'000});
  EXPECT_EQ(parse_duration("5m"), milliseconds{300'000});
  EXPECT_EQ(parse_duration("2h"), milliseconds{7'200'000});
  EXPECT_EQ(parse_duration("7d"), milliseconds{604'800'000});
  EXPECT_EQ(parse_duration("3653d"), std::chrono::days{3653});
}

TEST(ParseDuration, RefusesWhatIsNot) {
  for (const char* text : {"", "s", "10", "0s", "-5s", "+5s", "1.5h", "10 s", "10S", "5w", "10ss",
                           "3654d", "99999999999999999999s", "9223372036854775807ms"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

TEST(ParseTime, IsNowLaterOrRfc3339) {
  const Instant now = *parse_rfc3339("2026-11-22T08:00:00Z");
  EXPECT_EQ(parse_time("now", now), now);
  EXPECT_EQ(parse_time("+10s", now), now + milliseconds{10'000});
  EXPECT_EQ(parse_time("2026-11-22T10:00:00+01:00", now), *parse_rfc3339("2026-11-22T09:00:00Z"));
  for (const char* text : {"", "+", "+10", "tomorrow", "Now", "-10s", "2026-11-22", "now "}) {
    EXPECT_EQ(parse_time(text, now), std::nullopt) << text;
  }
}

TEST(ParseUserRange, IsInclusiveAndAscending) {
  const auto range = parse_user_range("5-9");
  ASSERT_TRUE(range);
  EXPECT_EQ(range->first, UserId{5});
  EXPECT_EQ(range->last, UserId{9});
  EXPECT_EQ(range->size(), 5);
  EXPECT_EQ(parse_user_range("7")->size(), 1);
  EXPECT_EQ(parse_user_range("1-10000000")->size(), kMostUsers);
  for (const char* text : {"", "-", "1-", "-1", "0-1", "9-1", "1-2-3", "a-b", "1 - 2", "+1-2",
                           "1-10000001", "1-99999999999999999999"}) {
    EXPECT_FALSE(parse_user_range(text)) << text;
  }
}

TEST(ParseNumber, IsDecimalAndWhole) {
  EXPECT_EQ(parse_number<std::int64_t>("0100"), 100);
  EXPECT_EQ(parse_number<std::int64_t>("-1"), -1);
  EXPECT_EQ(parse_number<std::int32_t>("4294967297"), std::nullopt);
  for (const char* text : {"", "0x10", "1e3", "+5", " 5", "5 ", "many"}) {
    EXPECT_EQ(parse_number<std::int64_t>(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace stampede::app
