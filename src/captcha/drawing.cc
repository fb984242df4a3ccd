#include <cairo.h>

#include <cmath>
#include <memory>
#include <numbers>
#include <random>
#include <stdexcept>

#include "captcha/captcha.h"

namespace stampede::captcha {
namespace {

// At most one character of each group of look-alikes (0ODQ 1I7J 2Z 4A 5S 6G 8B EF UVW).
constexpr std::string_view kAlphabet = "ACEHKLMNPRTUXY39";
constexpr int kLetters = 5;
constexpr int kWidth = 200;  // pixels
constexpr int kHeight = 70;  // pixels
constexpr double kFontSize = 45;
constexpr const char* kFont = "DejaVu Sans";

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

/// A drawing, freed at the end of its scope. Cairo remembers its first error, so it is checked
/// once, after everything is drawn.
class Canvas {
 public:
  Canvas()
      : surface_(cairo_image_surface_create(CAIRO_FORMAT_RGB24, kWidth, kHeight)),
        context_(cairo_create(surface_.get())) {}
  cairo_t* get() const { return context_.get(); }

  std::string png() const {
    std::string bytes;
    const auto append = [](void* to, const unsigned char* data, unsigned size) {
      static_cast<std::string*>(to)->append(reinterpret_cast<const char*>(data), size);
      return CAIRO_STATUS_SUCCESS;
    };
    cairo_status_t status = cairo_status(context_.get());
    if (status == CAIRO_STATUS_SUCCESS) {
      status = cairo_surface_write_to_png_stream(surface_.get(), append, &bytes);
    }
    if (status != CAIRO_STATUS_SUCCESS) {
      throw std::runtime_error(std::string("a captcha cannot be drawn: ") +
                               cairo_status_to_string(status));
    }
    return bytes;
  }

 private:
  struct Free {
    void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
    void operator()(cairo_t* context) const { cairo_destroy(context); }
  };
  std::unique_ptr<cairo_surface_t, Free> surface_;
  std::unique_ptr<cairo_t, Free> context_;
};

/// Bends the plane: each point moves along two sine waves.
class Warp {
 public:
  explicit Warp(Random& random)
      : x_{random.between(1.5, 3.0), random.between(24, 36), random.between(0, 6.28)},
        y_{random.between(2.5, 5.0), random.between(40, 75), random.between(0, 6.28)} {}

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

void paint_background(cairo_t* context, Random& random) {
  cairo_set_source_rgb(context, random.between(0.88, 1), random.between(0.88, 1),
                       random.between(0.88, 1));
  cairo_paint(context);
  for (int i = 0; i < 12; ++i) {  // pale discs: no single background colour to subtract
    cairo_set_source_rgba(context, random.between(0.4, 1), random.between(0.4, 1),
                          random.between(0.4, 1), 0.25);
    cairo_arc(context, random.between(0, kWidth), random.between(0, kHeight), random.between(8, 30),
              0, 2 * std::numbers::pi);
    cairo_fill(context);
  }
}

/// Adds the outline of one letter, turned, sheared and centred at (x, y), to the current path.
void add_letter(cairo_t* context, Random& random, char letter, double x, double y) {
  const char text[] = {letter, '\0'};
  const double size = kFontSize * random.between(0.88, 1.12);
  cairo_save(context);
  cairo_select_font_face(context, kFont, CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_BOLD);
  cairo_set_font_size(context, size);
  cairo_text_extents_t extents;
  cairo_text_extents(context, text, &extents);
  cairo_translate(context, x, y);
  cairo_rotate(context, random.between(-0.32, 0.32));  // about 18 degrees
  cairo_matrix_t shear;
  cairo_matrix_init(&shear, 1, 0, random.between(-0.2, 0.2), 1, 0, 0);
  cairo_transform(context, &shear);
  cairo_move_to(context, -extents.x_bearing - extents.width / 2,
                -extents.y_bearing - extents.height / 2);
  cairo_text_path(context, text);
  cairo_restore(context);
}

/// Bends every point of the current path.
void bend_path(cairo_t* context, const Warp& warp) {
  struct Free {
    void operator()(cairo_path_t* path) const { cairo_path_destroy(path); }
  };
  const std::unique_ptr<cairo_path_t, Free> path(cairo_copy_path_flat(context));
  for (int i = 0; i < path->num_data; i += path->data[i].header.length) {
    for (int k = 1; k < path->data[i].header.length; ++k) {
      auto& point = path->data[i + k].point;
      warp.bend(point.x, point.y);
    }
  }
  cairo_new_path(context);
  cairo_append_path(context, path.get());
}

void draw_letters(cairo_t* context, Random& random, const Ink& ink, std::string_view letters) {
  const Warp warp(random);
  const double step = (kWidth - 30.0) / static_cast<double>(letters.size());
  double x = 15 + step / 2;
  for (const char letter : letters) {
    cairo_new_path(context);
    add_letter(context, random, letter, x + random.between(-3, 3),
               kHeight / 2.0 + random.between(-5, 5));
    bend_path(context, warp);
    ink.use(context, random.between(0.8, 0.95));
    cairo_fill(context);
    x += step;
  }
}

/// One curve across all letters.
void draw_curve(cairo_t* context, Random& random, double thickness) {
  cairo_set_line_width(context, thickness);
  cairo_move_to(context, random.between(-5, 15), random.between(8, kHeight - 8));
  cairo_curve_to(context, random.between(40, 90), random.between(-25, kHeight + 25),
                 random.between(110, 160), random.between(-25, kHeight + 25),
                 random.between(kWidth - 15, kWidth + 5), random.between(8, kHeight - 8));
  cairo_stroke(context);
}

/// Dark curves join the letters and pale ones cut through them.
void draw_curves(cairo_t* context, Random& random, const Ink& ink) {
  for (int i = 0; i < 3; ++i) {
    ink.use(context, 0.75);
    draw_curve(context, random, random.between(1.0, 2.0));
    cairo_set_source_rgba(context, 0.95, 0.95, 0.95, 0.85);
    draw_curve(context, random, random.between(0.8, 1.5));
  }
}

void draw_dots(cairo_t* context, Random& random, const Ink& ink) {
  for (int i = 0; i < 220; ++i) {
    ink.use(context, random.between(0.3, 0.8));
    cairo_arc(context, random.between(0, kWidth), random.between(0, kHeight),
              random.between(0.5, 1.3), 0, 2 * std::numbers::pi);
    cairo_fill(context);
  }
}

}  // namespace

Image draw(std::uint64_t seed) {
  Random random(seed);
  std::string answer;
  for (int i = 0; i < kLetters; ++i) answer += kAlphabet[random.below(kAlphabet.size())];

  const Canvas canvas;
  paint_background(canvas.get(), random);
  const Ink ink(random);
  draw_letters(canvas.get(), random, ink, answer);
  draw_curves(canvas.get(), random, ink);
  draw_dots(canvas.get(), random, ink);
  return {.answer = answer, .png = std::make_shared<const std::string>(canvas.png())};
}

}  // namespace stampede::captcha

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
/// Fontconfig never frees what it read of the system's fonts, and the leak checker cannot find a
/// pointer to it.
// NOLINTNEXTLINE(bugprone-reserved-identifier,readability-identifier-naming)
extern "C" const char* __lsan_default_suppressions() { return "leak:libfontconfig"; }
#endif
#endif
