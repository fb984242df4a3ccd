#pragma once

#include <cstddef>
#include <vector>

#include "captcha/letters.h"

namespace stampede::captcha {

constexpr double kLetterRadius = 15;  // pixels: of the disc that is a letter's own
constexpr double kDotRadius = 5;      // pixels: of the dot at which the marked line starts
constexpr double kClear = 8;          // pixels between a line and the disc of another's letter

/// A cubic Bézier curve.
struct Curve {
  Point from, handle, other_handle, to;
};

/// Where the letters of one picture are, and two lines that visit each of them once.
struct Plan {
  struct Line {
    std::vector<Point> letters;  // their middles, in the order of the line
    std::vector<Curve> curves;   // one after the other; each ends in the middle of a letter
  };
  Line marked;  // its first curve comes from the dot
  Line other;   // its first curve comes from its first letter
  Point dot() const { return marked.curves.front().from; }
};

/// Chooses random places, and lines between them in random order, as far as lines can be drawn that
/// nobody takes for each other: none comes within kClear of a letter that it does not visit, nor
/// within 9 pixels of the other line or of itself, unless it crosses that at more than 50 degrees.
/// `marked` letters of eight are on the marked line, 1 to 6. Takes 0.5 ms on average.
Plan plan_lines(Random& random, std::size_t marked);

}  // namespace stampede::captcha
