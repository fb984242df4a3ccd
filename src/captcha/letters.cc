#include "captcha/letters.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <memory>
#include <string_view>

namespace stampede::captcha {
namespace {

constexpr const char* kFonts[] = {"DejaVu Sans", "DejaVu Serif", "DejaVu Sans Mono"};
constexpr double kSize = 26;  // pixels
// Drawn small always (M), or as often as large: their small letters look like no other character.
constexpr std::string_view kAlsoSmall = "AKMT";

/// How one letter looks, whatever its place.
struct Letter {
  char text[2];
  const char* font;
  double size;  // pixels
  double turn;  // radians
  double shear;
  double stretch;  // of its width
};

Letter choose_letter(Random& random, char character) {
  Letter letter{.text = {character, '\0'},
                .font = kFonts[random.below(std::size(kFonts))],
                .size = kSize * random.between(0.92, 1.12),
                .turn = random.between(-0.3, 0.3),  // 17 degrees
                .shear = random.between(-0.2, 0.2),
                .stretch = random.between(0.85, 1.15)};
  if (character == 'M' || (kAlsoSmall.contains(character) && random.below(2) == 0)) {
    letter.text[0] = static_cast<char>(character - 'A' + 'a');
    letter.size *= 1.15;
  }
  return letter;
}

/// Makes the outline of a letter the current path, centred at (x, y) and at most `radius` from it.
void make_path(cairo_t* context, const Letter& letter, Point middle, double radius) {
  cairo_save(context);
  cairo_select_font_face(context, letter.font, CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_BOLD);
  cairo_set_font_size(context, letter.size);
  cairo_text_extents_t extents;
  cairo_text_extents(context, letter.text, &extents);
  const double reach = std::hypot(extents.width * letter.stretch, extents.height) / 2;
  const double scale = std::min(1.0, radius / reach);
  cairo_translate(context, middle.x, middle.y);
  cairo_rotate(context, letter.turn);
  cairo_matrix_t shape;
  cairo_matrix_init(&shape, scale * letter.stretch, 0, scale * letter.shear, scale, 0, 0);
  cairo_transform(context, &shape);
  cairo_new_path(context);
  cairo_move_to(context, -extents.x_bearing - extents.width / 2,
                -extents.y_bearing - extents.height / 2);
  cairo_text_path(context, letter.text);
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

}  // namespace

void draw_letter(cairo_t* context, Random& random, const Ink& ink, const Warp& warp, char character,
                 Point middle, double radius) {
  make_path(context, choose_letter(random, character), middle, radius);
  bend_path(context, warp);
  ink.use(context, random.between(0.88, 0.98));
  cairo_fill(context);
}

}  // namespace stampede::captcha
