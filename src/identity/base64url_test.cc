#include "identity/base64url.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <vector>

namespace stampede::identity {
namespace {

std::string encode(std::string_view text) {
  return encode_base64url({reinterpret_cast<const unsigned char*>(text.data()), text.size()});
}

std::optional<std::string> decode(std::string_view text) {
  std::array<unsigned char, 64> bytes;
  const auto size = decode_base64url(text, bytes);
  if (!size) return std::nullopt;
  return std::string(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(*size));
}

TEST(Base64url, EncodesTheVectorsOfRfc4648) {
  EXPECT_EQ(encode(""), "");
  EXPECT_EQ(encode("f"), "Zg");
  EXPECT_EQ(encode("fo"), "Zm8");
  EXPECT_EQ(encode("foo"), "Zm9v");
  EXPECT_EQ(encode("foob"), "Zm9vYg");
  EXPECT_EQ(encode("fooba"), "Zm9vYmE");
  EXPECT_EQ(encode("foobar"), "Zm9vYmFy");
  EXPECT_EQ(encode("\xFB\xFF"), "-_8");
}

TEST(Base64url, RefusesWhatNoEncoderWrites) {
  EXPECT_EQ(decode("Zg"), "f");
  EXPECT_EQ(decode("Zh"), std::nullopt);  // leftover bits
  EXPECT_EQ(decode("Zm9"), std::nullopt);
  EXPECT_EQ(decode("Z"), std::nullopt);
  EXPECT_EQ(decode("Zg=="), std::nullopt);
  EXPECT_EQ(decode("Zm+v"), std::nullopt);
  EXPECT_EQ(decode("Zm9v\n"), std::nullopt);
  EXPECT_EQ(decode("Zm\x80v"), std::nullopt);
  EXPECT_EQ(decode(std::string(87, 'A')), std::nullopt);  // 65 bytes into 64
  EXPECT_TRUE(decode(std::string(86, 'A')));
}

RC_GTEST_PROP(Base64url, DecodesWhatItEncoded, (const std::vector<unsigned char>& bytes)) {
  std::vector<unsigned char> decoded(bytes.size());
  RC_ASSERT(decode_base64url(encode_base64url(bytes), decoded) == bytes.size());
  RC_ASSERT(decoded == bytes);
}

}  // namespace
}  // namespace stampede::identity
