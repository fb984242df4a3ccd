#pragma once

#include <cairo.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <random>

namespace stampede::captcha {

constexpr int kWidth = 260;  // of a picture, in pixels
constexpr int kHeight = 130;

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

/// In pixels from the picture's upper left corner.
struct Point {
  double x;
  double y;
};

/// Bends the plane: each point moves along two sine waves.
class Warp {
 public:
  explicit Warp(Random& random)
      : x_{random.between(0.7, 1.4), random.between(22, 34), random.between(0, 6.28)},
        y_{random.between(0.9, 1.8), random.between(30, 55), random.between(0, 6.28)} {}

  void bend(double& x, double& y) const {
    const double from_x = x;
    x += x_.at(y);
    y += y_.at(from_x);
  }

 private:
  struct Wave {
    double height;  // pixels
    double length;  // pixels
    double phase;
    double at(double position) const {
      return height * std::sin(2 * std::numbers::pi * position / length + phase);
    }
  };
  Wave x_;
  Wave y_;
};

/// Draws one character around `middle`, within some `radius` pixels of it, of a font, size and
/// slant of its own.
void draw_letter(cairo_t* context, Random& random, const Ink& ink, const Warp& warp, char character,
                 Point middle, double radius);

}  // namespace stampede::captcha
