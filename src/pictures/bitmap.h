#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace stampede::pictures {

/// Points of 8 bits each of blue, green, red and opacity, in this order; the colours are multiplied
/// by the opacity. Rows follow one another without a gap.
struct Bitmap {
  static constexpr std::size_t kBytesPerPoint = 4;

  std::int32_t width = 0;   // points
  std::int32_t height = 0;  // points
  std::vector<std::uint8_t> points = {};

  Bitmap() = default;
  /// All zero: black, and not to be seen.
  Bitmap(std::int32_t wide, std::int32_t high)
      : width(wide),
        height(high),
        points(static_cast<std::size_t>(wide) * static_cast<std::size_t>(high) * kBytesPerPoint) {}

  std::size_t stride() const { return static_cast<std::size_t>(width) * kBytesPerPoint; }
};

}  // namespace stampede::pictures
