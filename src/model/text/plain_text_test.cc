#include "model/text/plain_text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace stampede {
namespace {

/// As UTF-8 has it, below U+10000.
std::string utf8(char32_t point) {
  const auto tail = [&](int shift) { return static_cast<char>(0x80 | ((point >> shift) & 0x3F)); };
  if (point < 0x80) return {static_cast<char>(point)};
  if (point < 0x800) return {static_cast<char>(0xC0 | (point >> 6)), tail(0)};
  return {static_cast<char>(0xE0 | (point >> 12)), tail(6), tail(0)};
}

/// Bidi_Control of UAX #9 and the two separators, as Unicode lists them.
const std::vector<char32_t> kOthers{0x061C, 0x200E, 0x200F, 0x2028, 0x2029, 0x202A, 0x202B,
                                    0x202C, 0x202D, 0x202E, 0x2066, 0x2067, 0x2068, 0x2069};

bool is_control(char32_t point) {
  return point < 0x20 || (point >= 0x7F && point <= 0x9F) ||
         std::find(kOthers.begin(), kOthers.end(), point) != kOthers.end();
}

TEST(PlainText, FindsWhatSteersAndNothingElse) {
  int found_in_all = 0;
  for (char32_t point = 0; point < 0x10000; ++point) {
    if (point >= 0xD800 && point < 0xE000) continue;  // surrogates are not UTF-8
    const auto found = find_control("ö" + utf8(point) + "x");
    EXPECT_EQ(found.has_value(), is_control(point)) << std::hex << static_cast<unsigned>(point);
    if (!found) continue;
    ++found_in_all;
    EXPECT_EQ(found->at, 2U);
    EXPECT_EQ(found->code_point, point);
  }
  EXPECT_EQ(found_in_all, 32 + 33 + 14);
}

TEST(PlainText, LetsTextOfAllScriptsAndPicturesPass) {
  for (const char* text : {"Röd räv", "زهرة", "שלום", "花瓶", "👩‍🚀 joined",
                           "🏴󠁧󠁢󠁳󠁣󠁴󠁿", ""}) {
    EXPECT_FALSE(find_control(text)) << text;
    EXPECT_EQ(visible(text), text);
  }
}

TEST(PlainText, WhatIsAllowedIsOfAsciiAlone) {
  EXPECT_FALSE(find_control("a\tb\r\nc", "\t\r\n"));
  EXPECT_EQ(find_control("a\tb\x1b", "\t")->at, 3U);
  EXPECT_TRUE(find_control("\xc2\x85", "\x85"));  // U+0085 is not the byte
}

TEST(PlainText, ItsPlaceAndNameAreSaid) {
  EXPECT_EQ(describe(*find_control("abc\u202egnp")), "U+202E (right-to-left override) at byte 3");
  EXPECT_EQ(describe(*find_control("\x1b[2J")), "U+001B (control character) at byte 0");
  EXPECT_EQ(describe(*find_control(std::string_view("a\0b", 3))),
            "U+0000 (control character) at byte 1");
}

TEST(PlainText, IsQuotedWhateverItIs) {
  EXPECT_EQ(in_quotes(""), R"("")");
  EXPECT_EQ(in_quotes(R"(say "a\b")"), R"("say \"a\\b\"")");
  EXPECT_EQ(in_quotes("Größe\n\xc3"), R"("Größe\n\x{c3}")");
}

TEST(PlainText, WhatIsWrongWithATextIsSaidWithWhatIsExpected) {
  EXPECT_EQ(problem_of("", 0), std::nullopt);
  EXPECT_EQ(problem_of("Größe 42", 10), std::nullopt);
  EXPECT_EQ(problem_of("Größe 42", 9), "10 bytes long; expected at most 9");
  EXPECT_EQ(problem_of("caf\xe9", 9), R"("caf\x{e9}" is not valid UTF-8)");
  EXPECT_EQ(problem_of("\xc3", 9), R"("\x{c3}" is not valid UTF-8)") << "fmt's {:?} would abort";
  EXPECT_EQ(
      problem_of("a\nb", 9),
      R"("a\nb" has U+000A (control character) at byte 1; expected text without control characters)");
  EXPECT_EQ(problem_of("a\nb", 9, "\n"), std::nullopt);
}

TEST(PlainText, IsMadeVisibleForATerminal) {
  EXPECT_EQ(visible("a\u202eb\x1b[2J\n"), "a\\u{202e}b\\u{1b}[2J\\n");
  EXPECT_EQ(visible("a\u202eb\n", "\n"), "a\\u{202e}b\n");
  EXPECT_EQ(visible("\xff\xc2"), "\\x{ff}\\x{c2}");
  EXPECT_FALSE(find_control("\xff\x9b")) << "no UTF-8: whoever takes text asks is_utf8() too";
}

}  // namespace
}  // namespace stampede
