#include "captcha/letters.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <memory>
#include <numbers>

namespace stampede::captcha {
namespace {

constexpr double kMargin = 9;  // pixels, at both sides
constexpr const char* kFonts[] = {"DejaVu Sans", "DejaVu Serif", "DejaVu Sans Mono"};
// Drawn small always (M), or as often as large: their small letters look like no other character.
constexpr std::string_view kAlsoSmall = "AKMT";

enum class Style : std::uint8_t { kSolid, kOutline, kShaded };
constexpr Style kStyles[] = {Style::kSolid, Style::kSolid, Style::kOutline, Style::kShaded};

/// Bends the plane: each point moves along two sine waves.
class Warp {
 public:
  explicit Warp(Random& random)
      : x_{random.between(1.2, 2.4), random.between(24, 36), random.between(0, 6.28)},
        y_{random.between(2.0, 4.0), random.between(40, 75), random.between(0, 6.28)} {}

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

/// How one letter looks, whatever its place.
struct Letter {
  char character;
  const char* font;
  double size;  // pixels
  double turn;  // radians
  double shear;
  double stretch;  // of its width
  Style style;
  double width = 0;  // pixels, upright
};

Letter choose_letter(cairo_t* context, Random& random, char character, double size) {
  Letter letter{.character = character,
                .font = kFonts[random.below(std::size(kFonts))],
                .size = size * random.between(0.9, 1.15),
                .turn = random.between(-0.3, 0.3),  // 17 degrees
                .shear = random.between(-0.2, 0.2),
                .stretch = random.between(0.85, 1.15),
                .style = kStyles[random.below(std::size(kStyles))]};
  if (character == 'M' || (kAlsoSmall.contains(character) && random.below(2) == 0)) {
    letter.character = static_cast<char>(character - 'A' + 'a');
    letter.size *= 1.15;
    letter.style = Style::kSolid;
  }
  const char text[] = {letter.character, '\0'};
  cairo_select_font_face(context, letter.font, CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_BOLD);
  cairo_set_font_size(context, letter.size);
  cairo_text_extents_t extents;
  cairo_text_extents(context, text, &extents);
  letter.width = extents.width * letter.stretch;
  return letter;
}

/// Adds the outline of a letter, centred at (x, y), to the current path.
void add_letter(cairo_t* context, const Letter& letter, double x, double y) {
  const char text[] = {letter.character, '\0'};
  cairo_save(context);
  cairo_select_font_face(context, letter.font, CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_BOLD);
  cairo_set_font_size(context, letter.size);
  cairo_text_extents_t extents;
  cairo_text_extents(context, text, &extents);
  cairo_translate(context, x, y);
  cairo_rotate(context, letter.turn);
  cairo_matrix_t shape;
  cairo_matrix_init(&shape, letter.stretch, 0, letter.shear, 1, 0, 0);
  cairo_transform(context, &shape);
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

/// Paints the current path, and ends it.
void paint(cairo_t* context, Random& random, const Ink& ink, Style style) {
  const double opacity = random.between(0.85, 0.95);
  if (style != Style::kOutline) {
    ink.use(context, style == Style::kSolid ? opacity : 0.4);
    cairo_fill_preserve(context);
  }
  if (style != Style::kSolid) {
    ink.use(context, opacity);
    cairo_set_line_width(context, style == Style::kOutline ? 2.4 : 1.8);
    cairo_stroke_preserve(context);
  }
  cairo_new_path(context);
}

}  // namespace

std::vector<Place> draw_letters(cairo_t* context, Random& random, const Ink& ink,
                                std::string_view characters) {
  const Warp warp(random);
  const double size = 57 - 3.5 * static_cast<double>(characters.size());
  std::vector<Letter> letters;
  std::vector<double> steps;  // from one letter's middle to the next
  double length = 0;
  for (const char character : characters) {
    letters.push_back(choose_letter(context, random, character, size));
    const double width = letters.back().width;
    if (letters.size() == 1) {
      length += width;
      continue;
    }
    const double before = letters[letters.size() - 2].width;
    steps.push_back((before + width) / 2 + random.between(4, 11));
    length += steps.back() + (width - before) / 2;
  }
  const double room = kWidth - 2 * kMargin;
  const double scale = std::min(1.0, room / length);
  double x =
      kMargin + random.between(0, std::max(0.0, room - length)) + scale * letters.front().width / 2;
  std::vector<Place> places;
  const double slope = random.between(-0.05, 0.05);
  for (std::size_t i = 0; i < letters.size(); ++i) {
    letters[i].stretch *= scale;
    cairo_new_path(context);
    add_letter(context, letters[i], x,
               kHeight / 2.0 + slope * (x - kWidth / 2.0) + random.between(-6, 6));
    bend_path(context, warp);
    paint(context, random, ink, letters[i].style);
    places.push_back({.middle = x, .width = scale * letters[i].width});
    if (i < steps.size()) x += scale * steps[i];
  }
  return places;
}

}  // namespace stampede::captcha
