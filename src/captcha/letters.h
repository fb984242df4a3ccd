#pragma once

#include <cairo.h>

#include <cstddef>
#include <cstdint>
#include <random>
#include <string_view>
#include <vector>

namespace stampede::captcha {

constexpr int kWidth = 200;  // of a picture, in pixels
constexpr int kHeight = 70;

/// The same numbers for the same seed on every machine, which the standard's distributions do not
/// promise.
class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  double between(double low, double high) {
    return low + (high - low) * static_cast<double>(engine_() >> 11) * 0x1p-53;
  }
  std::size_t below(std::size_t count) { return static_cast<std::size_t>(engine_() % count); }

 private:
  std::mt19937_64 engine_;
};

/// The colours of one image. Letters and noise use the same, so that colour does not tell them
/// apart.
struct Ink {
  explicit Ink(Random& random)
      : red(random.between(0, 0.4)),
        green(random.between(0, 0.35)),
        blue(random.between(0.1, 0.5)) {}
  void use(cairo_t* context, double opacity) const {
    cairo_set_source_rgba(context, red, green, blue, opacity);
  }
  double red;
  double green;
  double blue;
};

/// Where a letter is; in pixels.
struct Place {
  double middle;
  double width;
};

/// Draws the letters of one picture, each of its own font, size, slant and style, anywhere in the
/// picture's width: the place of each.
std::vector<Place> draw_letters(cairo_t* context, Random& random, const Ink& ink,
                                std::string_view characters);

}  // namespace stampede::captcha
