#include <cairo.h>

#include <memory>
#include <numbers>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "captcha/captcha.h"
#include "captcha/letters.h"
#include "captcha/lines.h"

namespace stampede::captcha {
namespace {

// At most one character of each group of look-alikes (0ODQ 1I7JLT 2Z 4A 5S 6G 8B EF KX MNW
// PR UVY).
constexpr std::string_view kAlphabet = "ACEHKMPTU39";
constexpr std::size_t kFewest = 4;  // letters on the line that is followed
constexpr std::size_t kMost = 6;

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

void use_pale(cairo_t* context, Random& random, double opacity) {
  cairo_set_source_rgba(context, random.between(0.9, 1), random.between(0.9, 1),
                        random.between(0.9, 1), opacity);
}

void paint_background(cairo_t* context, Random& random) {
  use_pale(context, random, 1);
  cairo_paint(context);
  for (int i = 0; i < 12; ++i) {  // pale discs: no single background colour to subtract
    cairo_set_source_rgba(context, random.between(0.4, 1), random.between(0.4, 1),
                          random.between(0.4, 1), 0.25);
    cairo_arc(context, random.between(0, kWidth), random.between(0, kHeight), random.between(8, 30),
              0, 2 * std::numbers::pi);
    cairo_fill(context);
  }
}

void add_to_path(cairo_t* context, const Plan::Line& line) {
  cairo_new_sub_path(context);
  cairo_move_to(context, line.curves.front().from.x, line.curves.front().from.y);
  for (const Curve& curve : line.curves) {
    cairo_curve_to(context, curve.handle.x, curve.handle.y, curve.other_handle.x,
                   curve.other_handle.y, curve.to.x, curve.to.y);
  }
}

/// Both lines at once and in one ink: nothing but their course tells which is which, nor which is
/// above where they cross.
void draw_lines(cairo_t* context, Random& random, const Ink& ink, const Plan& plan) {
  ink.use(context, random.between(0.85, 0.95));
  cairo_set_line_width(context, random.between(2.0, 2.6));
  add_to_path(context, plan.marked);
  add_to_path(context, plan.other);
  cairo_stroke(context);
  cairo_arc(context, plan.dot().x, plan.dot().y, kDotRadius, 0, 2 * std::numbers::pi);
  cairo_fill(context);
}

/// Random characters on discs that hide the line: which. Two ends of a line come out from under a
/// disc, or one, and nobody takes a line for part of a letter.
std::string draw_letters(cairo_t* context, Random& random, const Ink& ink, const Warp& warp,
                         const std::vector<Point>& middles) {
  std::string characters;
  for (const Point& middle : middles) {
    use_pale(context, random, 1);
    cairo_arc(context, middle.x, middle.y, kLetterRadius, 0, 2 * std::numbers::pi);
    cairo_fill(context);
    characters += kAlphabet[random.below(kAlphabet.size())];
    draw_letter(context, random, ink, warp, characters.back(), middle, kLetterRadius - 1.5);
  }
  return characters;
}

void draw_dots(cairo_t* context, Random& random, const Ink& ink) {
  const std::size_t dots = 60 + random.below(60);
  for (std::size_t i = 0; i < dots; ++i) {
    ink.use(context, random.between(0.3, 0.8));
    cairo_arc(context, random.between(0, kWidth), random.between(0, kHeight),
              random.between(0.5, 1.1), 0, 2 * std::numbers::pi);
    cairo_fill(context);
  }
}

}  // namespace

Image draw(std::uint64_t seed) {
  Random random(seed);
  const std::size_t length = kFewest + random.below(kMost - kFewest + 1);
  const Plan plan = plan_lines(random, length);

  const Canvas canvas;
  paint_background(canvas.get(), random);
  const Ink ink(random);
  draw_lines(canvas.get(), random, ink, plan);
  draw_dots(canvas.get(), random, ink);
  const Warp warp(random);
  const std::string answer = draw_letters(canvas.get(), random, ink, warp, plan.marked.letters);
  draw_letters(canvas.get(), random, ink, warp, plan.other.letters);
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
