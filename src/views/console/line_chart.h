#pragma once

#include <span>
#include <string>
#include <vector>

namespace stampede::views {

struct LinePoint {
  double x = 0;
  double y = 0;
};

/// A line for an SVG, in a box of kWidth by kHeight whose y grows downwards.
struct LineChart {
  static constexpr double kWidth = 1000;
  static constexpr double kHeight = 300;

  struct Tick {
    double value = 0;
    double place = 0;  // along its axis, in the box
  };
  std::string points;  // of a polyline: "0,300 10.5,290.1"
  std::vector<Tick> across, up;
};

/// x goes from 0 to the last point, y from 0 to the greater of `top` and the highest point. Ticks
/// are at round numbers.
LineChart draw_line(std::span<const LinePoint> points, double top);

}  // namespace stampede::views
