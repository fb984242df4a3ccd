#include "controllers/console/catalog/form_values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stampede::controllers {
namespace {

using testing::HasSubstr;

TEST(FormValuesTest, PricesAreExactCents) {
  const std::pair<const char*, std::int64_t> rows[] = {
      {"0", 0},          {"0.01", 1},        {"19.99", 1'999},
      {"1299", 129'900}, {"0019.00", 1'900}, {"10000000000.00", 1'000'000'000'000}};
  for (const auto& [text, cents] : rows) EXPECT_EQ(parse_price("price", text), cents) << text;
  for (const char* bad :
       {"", ".", "1.", ".5", "1.9", "1.999", "1,99", "-1", "+1", " 1", "1 ", "1e3", "0x1", "$1",
        "1.-1", "10000000000.01", "10000000001", "99999999999999999999", "NaN"}) {
    const auto price = parse_price("price", bad);
    ASSERT_FALSE(price) << bad;
    EXPECT_THAT(price.error(), HasSubstr("price: ")) << bad;
    EXPECT_THAT(price.error(), HasSubstr("expected one like 19.99")) << bad;
  }
  for (const std::int64_t cents : {0, 5, 99, 100, 1'999}) {
    EXPECT_EQ(parse_price("price", price_text(cents)), cents);
  }
}

TEST(FormValuesTest, CountsAreDigits) {
  EXPECT_EQ(parse_count("units", "0"), 0);
  EXPECT_EQ(parse_count("units", "9223372036854775807"), 9'223'372'036'854'775'807);
  for (const char* bad : {"", "-1", "1.0", "1 000", "9223372036854775808", "ten"}) {
    EXPECT_THAT(parse_count("units", bad).error(), HasSubstr("units: ")) << bad;
  }
}

TEST(FormValuesTest, TimesAreUtc) {
  const Instant minute = *parse_rfc3339("2026-11-22T08:24:00Z");
  EXPECT_EQ(parse_utc("starts", "2026-11-22T08:24"), minute);
  EXPECT_EQ(parse_utc("starts", "2026-11-22T08:24:00"), minute);
  EXPECT_EQ(parse_utc("starts", "2026-11-22T08:24:00.250"),
            minute + std::chrono::milliseconds{250});
  for (const char* bad : {"", "tomorrow", "2026-11-22", "2026-11-22T08:24:00Z",
                          "2026-11-22T08:24:00+01:00", "2026-13-22T08:24"}) {
    EXPECT_THAT(parse_utc("starts", bad).error(), HasSubstr("starts: ")) << bad;
  }
  EXPECT_EQ(utc_text(minute), "2026-11-22T08:24:00");
  const Instant exact = minute + std::chrono::milliseconds{7};
  EXPECT_EQ(parse_utc("starts", utc_text(exact)), exact);
}

/// fmt's {:?} ended the process over it.
TEST(FormValuesTest, APartOfACharacterIsRefusedInWords) {
  EXPECT_EQ(parse_price("price", "\xc3").error().substr(0, 34),
            R"(price: "\x{c3}" is not an amount; )");
  EXPECT_EQ(parse_count("units", "\xc3").error().substr(0, 31),
            R"(units: "\x{c3}" is not a whole )");
  EXPECT_EQ(parse_utc("starts", "\xc3").error().substr(0, 29), R"(starts: "\x{c3}" is not a tim)");
}

}  // namespace
}  // namespace stampede::controllers
