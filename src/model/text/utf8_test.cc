#include "model/text/utf8.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace stampede {
namespace {

/// Encodes by the plain rule, surrogates too, in `length` bytes even where fewer would do.
std::string encode(std::uint32_t code_point, int length) {
  if (length == 1) return {static_cast<char>(code_point)};
  std::string bytes;
  for (int i = 1; i < length; ++i) {
    bytes.insert(bytes.begin(), static_cast<char>(0x80 | (code_point & 0x3F)));
    code_point >>= 6;
  }
  const std::uint32_t mark = length == 2 ? 0xC0 : length == 3 ? 0xE0 : 0xF0;
  bytes.insert(bytes.begin(), static_cast<char>(mark | code_point));
  return bytes;
}

int shortest(std::uint32_t code_point) {
  return code_point < 0x80 ? 1 : code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
}

TEST(Utf8, TakesEveryCodePointInItsShortestFormAndNoOther) {
  for (std::uint32_t code_point = 0; code_point < 0x110000; ++code_point) {
    const bool surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
    for (int length = shortest(code_point); length <= 4; ++length) {
      const bool valid = length == shortest(code_point) && !surrogate;
      ASSERT_EQ(is_utf8(encode(code_point, length)), valid) << code_point << " in " << length;
    }
  }
}

TEST(Utf8, TakesMixedText) {
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8("Schuhe, Größe 42 – 鞋 👟"));
  EXPECT_TRUE(is_utf8(std::string_view("a\0b", 3)));
}

TEST(Utf8, RefusesWhatIsBrokenAnywhere) {
  const std::string good = "a鞋👟";
  for (std::size_t size = 1; size < good.size(); ++size) {
    const bool at_a_boundary = size == 1 || size == 4;
    EXPECT_EQ(is_utf8(std::string_view(good).substr(0, size)), at_a_boundary) << size;
  }
  EXPECT_FALSE(is_utf8("\x80"));              // a continuation without its lead
  EXPECT_FALSE(is_utf8("\xC3("));             // a lead without its continuation
  EXPECT_FALSE(is_utf8("ok\xFF"));            // a byte that never occurs
  EXPECT_FALSE(is_utf8("\xF4\x90\x80\x80"));  // U+110000
  EXPECT_FALSE(is_utf8("\xF8\x88\x80\x80\x80"));
}

TEST(Utf8, TheFirstCharactersAreWholeOnes) {
  const std::string text = "aé€😀z";  // of 1, 2, 3, 4 and 1 bytes
  EXPECT_EQ(first_characters(text, 0), "");
  EXPECT_EQ(first_characters(text, 1), "a");
  EXPECT_EQ(first_characters(text, 2), "aé");
  EXPECT_EQ(first_characters(text, 3), "aé€");
  EXPECT_EQ(first_characters(text, 4), "aé€😀");
  EXPECT_EQ(first_characters(text, 5), text);
  EXPECT_EQ(first_characters(text, 6), text);
  EXPECT_EQ(first_characters("", 3), "");
}

}  // namespace
}  // namespace stampede
