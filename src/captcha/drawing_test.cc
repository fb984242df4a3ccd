#include <cairo.h>
#include <gtest/gtest.h>

#include <cstring>
#include <set>

#include "captcha/captcha.h"

namespace stampede::captcha {
namespace {

/// Decodes a PNG; nullptr stays for what is none.
struct Decoded {
  explicit Decoded(const std::string& png) : rest(png) {
    surface = cairo_image_surface_create_from_png_stream(
        [](void* self, unsigned char* to, unsigned size) {
          std::string_view& bytes = static_cast<Decoded*>(self)->rest;
          if (bytes.size() < size) return CAIRO_STATUS_READ_ERROR;
          std::memcpy(to, bytes.data(), size);
          bytes.remove_prefix(size);
          return CAIRO_STATUS_SUCCESS;
        },
        this);
  }
  Decoded(const Decoded&) = delete;
  Decoded& operator=(const Decoded&) = delete;
  ~Decoded() { cairo_surface_destroy(surface); }

  /// Of all pixels, the share darker than half.
  double dark() const {
    const int width = cairo_image_surface_get_width(surface);
    const int height = cairo_image_surface_get_height(surface);
    const int stride = cairo_image_surface_get_stride(surface);
    const unsigned char* data = cairo_image_surface_get_data(surface);
    int count = 0;
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        const unsigned char* pixel = data + y * stride + 4 * x;
        count += pixel[0] + pixel[1] + pixel[2] < 3 * 128 ? 1 : 0;
      }
    }
    return static_cast<double>(count) / (width * height);
  }

  std::string_view rest;
  cairo_surface_t* surface = nullptr;
};

TEST(CaptchaDrawing, IsAPngOfTheSizeAndWithEnoughInkToRead) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const Image image = draw(seed);
    const Decoded decoded(*image.png);
    ASSERT_EQ(cairo_surface_status(decoded.surface), CAIRO_STATUS_SUCCESS);
    EXPECT_TRUE(decoded.rest.empty());
    EXPECT_EQ(cairo_image_surface_get_width(decoded.surface), 260);
    EXPECT_EQ(cairo_image_surface_get_height(decoded.surface), 130);
    EXPECT_GT(decoded.dark(), 0.03) << seed;
    EXPECT_LT(decoded.dark(), 0.20) << seed;
    EXPECT_LT(image.png->size(), 40'000u) << seed;
  }
}

TEST(CaptchaDrawing, IsTheSameForTheSameSeedAndNoOther) {
  EXPECT_EQ(*draw(7).png, *draw(7).png);
  EXPECT_EQ(draw(7).answer, draw(7).answer);
  EXPECT_NE(*draw(7).png, *draw(8).png);
}

TEST(CaptchaDrawing, AnswersHaveFourToSixCharactersWithoutLookAlikes) {
  std::set<char> used;
  std::set<std::size_t> lengths;
  std::set<std::string> answers;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const std::string answer = draw(seed).answer;
    lengths.insert(answer.size());
    used.insert(answer.begin(), answer.end());
    answers.insert(answer);
  }
  EXPECT_EQ(lengths, (std::set<std::size_t>{4, 5, 6}));
  EXPECT_GT(used.size(), 9u);
  EXPECT_GT(answers.size(), 195u);
  for (const char look_alike : {'0', 'O', 'D', 'Q', '1', 'I', 'J', '7', 'L', '2', 'Z', '5', 'S',
                                'N', '8', 'B', '6', 'G', '4', 'F', 'V', 'W', 'Y', 'R', 'X'}) {
    EXPECT_FALSE(used.contains(look_alike)) << look_alike;
  }
}

}  // namespace
}  // namespace stampede::captcha
