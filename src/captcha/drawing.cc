#include <cairo.h>

#include <memory>
#include <numbers>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "captcha/captcha.h"
#include "captcha/letters.h"

namespace stampede::captcha {
namespace {

// At most one character of each group of look-alikes (0ODQ 1I7JLT 2Z 4A 5S 6G 8B EF KX MNW
// PR UVY).
constexpr std::string_view kAlphabet = "ACEHKMPTU39";
constexpr std::size_t kFewest = 4;  // letters
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

/// Around some letters dark is pale and pale is dark, so that no brightness tells a letter.
void invert_some(cairo_t* context, Random& random, const std::vector<Place>& places) {
  cairo_save(context);
  cairo_set_operator(context, CAIRO_OPERATOR_DIFFERENCE);
  cairo_set_source_rgb(context, 1, 1, 1);
  std::size_t letter = random.below(2);
  for (std::size_t i = 0; i < 2 && letter < places.size(); ++i) {
    cairo_save(context);
    cairo_translate(context, places[letter].middle + random.between(-3, 3),
                    kHeight / 2.0 + random.between(-5, 5));
    cairo_rotate(context, random.between(-0.3, 0.3));
    cairo_scale(context, 0.55 * places[letter].width + random.between(3, 9),
                random.between(32, 46));
    cairo_arc(context, 0, 0, 1, 0, 2 * std::numbers::pi);
    cairo_restore(context);
    cairo_fill(context);
    letter += 2 + random.below(3);  // no two blobs on one letter
  }
  cairo_restore(context);
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
  const std::size_t curves = 1 + random.below(2);
  for (std::size_t i = 0; i < curves; ++i) {
    ink.use(context, 0.75);
    draw_curve(context, random, random.between(1.0, 1.5));
    cairo_set_source_rgba(context, 0.95, 0.95, 0.95, 0.85);
    draw_curve(context, random, random.between(0.8, 1.2));
  }
}

void draw_dots(cairo_t* context, Random& random, const Ink& ink) {
  const std::size_t dots = 150 + random.below(150);
  for (std::size_t i = 0; i < dots; ++i) {
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
  const std::size_t length = kFewest + random.below(kMost - kFewest + 1);
  while (answer.size() < length) answer += kAlphabet[random.below(kAlphabet.size())];

  const Canvas canvas;
  paint_background(canvas.get(), random);
  const Ink ink(random);
  invert_some(canvas.get(), random, draw_letters(canvas.get(), random, ink, answer));
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
