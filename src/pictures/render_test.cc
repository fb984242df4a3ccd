#include "pictures/render.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <tuple>

#include "pictures/orientation.h"
#include "pictures/scale.h"
#include "tests/support/drawn_pictures.h"
#include "tests/support/pictures.h"

namespace stampede::pictures {
namespace {

using namespace std::string_literals;
using test_support::drawn;
using test_support::drawn_jpeg;
using test_support::drawn_png;
using test_support::drawn_webp;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

using Size = std::tuple<PictureFormat, int, int>;
constexpr auto kJpeg = PictureFormat::kJpeg;
constexpr auto kWebp = PictureFormat::kWebp;
constexpr auto kPng = PictureFormat::kPng;

std::vector<Size> sizes_of(const std::vector<Encoded>& files) {
  std::vector<Size> sizes;
  for (const Encoded& file : files) sizes.emplace_back(file.format, file.width, file.height);
  return sizes;
}

/// Blue, green, red and opacity of a point, once the file is decoded.
std::vector<int> colour_at(const Encoded& file, int x, int y) {
  const auto bitmap = decode(file.bytes, file.format, 10'000);
  if (!bitmap) throw std::runtime_error(bitmap.error());
  const auto at = static_cast<std::size_t>(y) * bitmap->stride() + static_cast<std::size_t>(x) * 4;
  return {bitmap->points.begin() + static_cast<std::ptrdiff_t>(at),
          bitmap->points.begin() + static_cast<std::ptrdiff_t>(at) + 4};
}

void expect_near(const std::vector<int>& colour, const std::vector<int>& expected) {
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(colour[i], expected[i], 12) << "part " << i;
  }
}

TEST(Render, MakesEverySizeThatThePictureFills) {
  EXPECT_THAT(sizes_of(*render(drawn_png(2000, 1000), kPng)),
              ElementsAre(Size{kJpeg, 1600, 800}, Size{kWebp, 1600, 800}, Size{kJpeg, 960, 480},
                          Size{kWebp, 960, 480}, Size{kJpeg, 480, 240}, Size{kWebp, 480, 240}));
  EXPECT_THAT(sizes_of(*render(drawn_png(300, 700), kPng)),
              ElementsAre(Size{kJpeg, 300, 700}, Size{kWebp, 300, 700}, Size{kJpeg, 206, 480},
                          Size{kWebp, 206, 480}));
  EXPECT_THAT(sizes_of(*render(drawn_png(1, 1), kPng)),
              ElementsAre(Size{kJpeg, 1, 1}, Size{kWebp, 1, 1}));
  EXPECT_THAT(sizes_of(*render(drawn_png(10'000, 2), kPng)).back(), Size(kWebp, 480, 1));
}

TEST(Render, EveryFormatLooksAsItDid) {
  const std::pair<PictureFormat, std::string> uploads[] = {{kPng, drawn_png(2000, 1500)},
                                                           {kJpeg, drawn_jpeg(2000, 1500)},
                                                           {kWebp, drawn_webp(2000, 1500)}};
  for (const auto& [format, content] : uploads) {
    const auto files = render(content, format);
    ASSERT_TRUE(files) << files.error();
    ASSERT_EQ(files->size(), 6U);
    for (const Encoded& file : *files) {
      const int right = file.width - 2;
      const int below = file.height - 2;
      expect_near(colour_at(file, 1, 1), {128, 0, 0, 255});
      expect_near(colour_at(file, right, 1), {128, 0, 255, 255});
      expect_near(colour_at(file, 1, below), {128, 255, 0, 255});
      expect_near(colour_at(file, right / 2, below / 2), {128, 128, 128, 255});
    }
  }
}

TEST(Render, TheSameFileGivesTheSameBytes) {
  const auto once = render(drawn_png(500, 400), kPng);
  const auto again = render(drawn_png(500, 400), kPng);
  ASSERT_EQ(once->size(), again->size());
  for (std::size_t i = 0; i < once->size(); ++i) EXPECT_EQ((*once)[i].bytes, (*again)[i].bytes);
}

TEST(Render, WhatIsTransparentStaysSoOrIsWhite) {
  const Bitmap nothing(20, 20);  // not to be seen
  const auto files = render(test_support::png_of(nothing), kPng);
  ASSERT_TRUE(files) << files.error();
  expect_near(colour_at((*files)[0], 9, 9), {255, 255, 255, 255});
  EXPECT_EQ(colour_at((*files)[1], 9, 9)[3], 0);
}

/// Exif as cameras write it: one entry, the orientation.
std::string exif(char orientation, bool low_first = true) {
  if (low_first) return "II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0"s + orientation + "\0\0\0"s;
  return "MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0"s + orientation + "\0\0"s;
}

std::string with_exif(std::string jpeg, const std::string& tiff) {
  return jpeg.insert(2, test_support::segment('\xe1', "Exif\0\0"s + tiff));
}

TEST(Render, IsUprightHoweverTheCameraWasHeld) {
  // Where the first point of the stored picture, black but for its blue, is to be seen.
  const std::tuple<char, bool, bool> rows[] = {
      {'\1', false, false}, {'\2', true, false}, {'\3', true, true}, {'\4', false, true},
      {'\5', false, false}, {'\6', true, false}, {'\7', true, true}, {'\x8', false, true}};
  for (const auto& [orientation, right, below] : rows) {
    for (const bool low_first : {true, false}) {
      const auto files =
          render(with_exif(drawn_jpeg(300, 200), exif(orientation, low_first)), kJpeg);
      ASSERT_TRUE(files) << files.error();
      const Encoded& file = files->front();
      const bool turned = orientation >= '\5';
      EXPECT_EQ(file.width, turned ? 200 : 300) << int{orientation};
      const int x = right ? file.width - 2 : 1;
      const int y = below ? file.height - 2 : 1;
      expect_near(colour_at(file, x, y), {128, 0, 0, 255});
    }
  }
}

TEST(Render, AnOrientationThatMakesNoSenseMeansUpright) {
  const std::string jpeg = drawn_jpeg(30, 20);
  const std::string directories[] = {exif('\0'),
                                     exif('\x9'),
                                     exif('\6').substr(0, 15),
                                     "II*\0\xff\xff\xff\xff"s,
                                     "II*\0\x08\0\0\0\xff\xff"s,
                                     "XX*\0\x08\0\0\0"s,
                                     ""};
  for (const std::string& tiff : directories) {
    EXPECT_EQ(orientation_of(with_exif(jpeg, tiff), kJpeg), 1);
  }
  EXPECT_EQ(orientation_of(with_exif(jpeg, exif('\6')), kJpeg), 6);
  for (std::size_t size = 0; size < jpeg.size(); ++size) {
    EXPECT_EQ(orientation_of(jpeg.substr(0, size), kJpeg), 1);
  }
}

TEST(Render, OrientationIsReadFromEveryFormat) {
  std::string png = drawn_png(30, 20);
  const std::string tiff = exif('\6');
  png.insert(33, test_support::high_first(static_cast<std::uint32_t>(tiff.size()), 4) + "eXIf" +
                     tiff + "sum?");
  EXPECT_EQ(orientation_of(png, kPng), 6);
  std::string webp = drawn_webp(30, 20);
  webp += "EXIF" + test_support::low_first(static_cast<std::uint32_t>(tiff.size()), 4) + tiff;
  EXPECT_EQ(orientation_of(webp, kWebp), 6);
}

TEST(Render, NothingOfTheFileButItsPointsIsKept) {
  const std::string secret = "50.0755 N 14.4378 E";
  std::string jpeg = with_exif(drawn_jpeg(600, 400), exif('\1') + secret);
  jpeg += "PK\x03\x04" + secret;  // a second file behind the first
  const auto files = render(jpeg, kJpeg);
  ASSERT_TRUE(files) << files.error();
  for (const Encoded& file : *files) {
    EXPECT_THAT(file.bytes, Not(HasSubstr(secret)));
    EXPECT_THAT(file.bytes, Not(HasSubstr("Exif")));
    EXPECT_THAT(file.bytes, StartsWith(file.format == kJpeg ? "\xff\xd8\xff" : "RIFF"));
  }
}

/// Of PNG's chunks (RFC 2083, 15).
std::uint32_t crc_of(std::string_view bytes) {
  std::uint32_t crc = ~0U;
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xEDB88320U : 0U);
  }
  return ~crc;
}

/// A PNG file of that size up to where its points begin.
std::string png_head(std::uint32_t width, std::uint32_t height) {
  const std::string head = test_support::png(width, height);
  return head + test_support::high_first(crc_of(head.substr(head.find("IHDR"))), 4) +
         test_support::high_first(4, 4) + "IDAT";
}

TEST(Render, AHugePictureIsRefusedBeforeItIsDecoded) {
  // A whole file whose frame says that it is 9999 points high.
  std::string jpeg = drawn_jpeg(5'000, 10);
  jpeg.replace(jpeg.find("\xff\xc2") + 5, 2, "\x27\x0f");
  const std::pair<PictureFormat, std::string> bombs[] = {
      {kPng, png_head(5'001, 5'000)},
      {kJpeg, jpeg},
      {kWebp, test_support::webp_lossless(5'100, 5'000)}};
  for (const auto& [format, content] : bombs) {
    const auto refused = render(content, format);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error(), HasSubstr("expected at most 25000000 (5000 x 5000)"));
  }
}

TEST(Render, ScansWithoutEndAreRefused) {
  std::string jpeg = drawn_jpeg(64, 64);
  const auto scan = jpeg.find("\xff\xda");
  std::string scans;
  for (int i = 0; i < 65; ++i) scans += jpeg.substr(scan, 10);
  EXPECT_THAT(render(jpeg.insert(scan, scans), kJpeg).error(), HasSubstr("more than 64 scans"));
}

TEST(Render, ABrokenFileIsRefusedWithAReason) {
  const std::pair<PictureFormat, std::string> uploads[] = {
      {kPng, drawn_png(99, 99)}, {kJpeg, drawn_jpeg(99, 99)}, {kWebp, drawn_webp(99, 99)}};
  for (const auto& [format, content] : uploads) {
    for (const std::size_t size : {content.size() / 2, content.size() * 3 / 4, std::size_t{40}}) {
      const auto refused = render(content.substr(0, size), format);
      ASSERT_FALSE(refused) << size << " bytes of " << ending_of(format);
      EXPECT_THAT(refused.error(), HasSubstr("expected"));
    }
    // Whatever the bytes are, the answer is a picture or a sentence.
    for (std::size_t at = 8; at < content.size(); at += 7) {
      std::string changed = content;
      changed[at] = static_cast<char>(changed[at] ^ 0x55);
      const auto answer = render(changed, format);
      if (!answer) {
        EXPECT_THAT(answer.error(), StartsWith("picture: "));
      }
    }
  }
}

TEST(Render, APictureThatMovesIsRefused) {
  std::string data = test_support::low_first(0x02, 4) + test_support::low_first(9, 3) +
                     test_support::low_first(9, 3);
  EXPECT_THAT(render(test_support::webp("VP8X", data), kWebp).error(), HasSubstr("moves"));
}

TEST(Scale, KeepsProportionsAndEdges) {
  const Bitmap small = fit(drawn(4000, 3000), 40);
  EXPECT_EQ(small.width, 40);
  EXPECT_EQ(small.height, 30);
  for (std::size_t at = 3; at < small.points.size(); at += 4) {
    ASSERT_EQ(small.points[at], 255) << "an edge is half transparent";
  }
  EXPECT_EQ(fit(drawn(40, 30), 40).points, drawn(40, 30).points);
}

}  // namespace
}  // namespace stampede::pictures
