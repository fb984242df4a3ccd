#include "services/catalog/picture_header.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/pictures.h"

namespace stampede::services::catalog {
namespace {

using namespace test_support;

void expect(const std::string& content, PictureFormat format, std::int32_t width,
            std::int32_t height) {
  const auto header = read_picture_header(content);
  ASSERT_TRUE(header) << media_type_of(format);
  EXPECT_EQ(header->format, format);
  EXPECT_EQ(header->width, width);
  EXPECT_EQ(header->height, height);
}

TEST(PictureHeaderTest, ReadsEveryFormat) {
  expect(png(640, 480), PictureFormat::kPng, 640, 480);
  expect(jpeg(641, 481), PictureFormat::kJpeg, 641, 481);
  expect(jpeg(642, 482, '\xc2'), PictureFormat::kJpeg, 642, 482);  // progressive
  expect(webp_lossy(643, 483), PictureFormat::kWebp, 643, 483);
  expect(webp_lossless(644, 484), PictureFormat::kWebp, 644, 484);
  expect(webp_extended(100'000, 485), PictureFormat::kWebp, 100'000, 485);
}

TEST(PictureHeaderTest, SizesThatNoPictureHasAreToldAndNotNegative) {
  expect(png(0xffffffff, 0), PictureFormat::kPng, 1 << 30, 0);
}

TEST(PictureHeaderTest, AnythingElseIsNoPicture) {
  for (const std::string& content :
       {std::string{}, std::string{"GIF89a\x01\0\x01\0", 10}, std::string{"<svg/>"},
        std::string{"<html>"}, webp("ICCP", std::string(10, 'x')), webp("VP8 ", "nothing"),
        webp("VP8L", "nothing"), std::string{"RIFF1234WAVEfmt 1234567890123456"},
        "\xff\xd8" + segment('\xda', "a scan before any frame"),
        "\xff\xd8" + segment('\xc0', "short"), std::string{"\xff\xd8\xff\xd9\0\0\0\0", 8},
        std::string{"\xff\xd8\xff\xe0\0\0\0\0\0\0", 10}, std::string{"\xff\xd8no marker"}}) {
    EXPECT_FALSE(read_picture_header(content)) << content;
  }
}

TEST(PictureHeaderTest, AFileCutOffAnywhereBeforeItsSizeIsNoPicture) {
  for (const std::string& whole :
       {png(9, 9), jpeg(9, 9), webp_lossy(9, 9), webp_lossless(9, 9), webp_extended(9, 9)}) {
    ASSERT_TRUE(read_picture_header(whole));
    std::size_t told = whole.size();
    for (std::size_t size = 0; size < whole.size(); ++size) {
      if (read_picture_header(whole.substr(0, size))) told = std::min(told, size);
    }
    EXPECT_GE(told, 20U) << "no sooner than its size is there";
    EXPECT_FALSE(read_picture_header(whole.substr(0, told - 1)));
  }
}

}  // namespace
}  // namespace stampede::services::catalog
