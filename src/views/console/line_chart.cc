#include "views/console/line_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

namespace stampede::views {
namespace {

constexpr double kTicks = 5;  // about that many on an axis

/// 1, 2 or 5 times a power of ten, at least 1.
double round_step(double range) {
  const double rough = range / kTicks;
  const double power = std::pow(10, std::floor(std::log10(std::max(rough, 1.0))));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (rough <= factor * power) return factor * power;
  }
  return 10 * power;
}

std::vector<LineChart::Tick> ticks(double range, double length, bool downwards) {
  std::vector<LineChart::Tick> made;
  const double step = round_step(range);
  for (int i = 0; i * step <= range; ++i) {
    const double place = i * step / range * length;
    made.push_back({i * step, downwards ? length - place : place});
  }
  return made;
}

}  // namespace

LineChart draw_line(std::span<const LinePoint> points, double top) {
  double right = 1;
  double high = std::max(1.0, top);
  for (const LinePoint& point : points) {
    right = std::max(right, point.x);
    high = std::max(high, point.y);
  }
  LineChart chart;
  chart.across = ticks(right, LineChart::kWidth, false);
  chart.up = ticks(high, LineChart::kHeight, true);
  for (const LinePoint& point : points) {
    fmt::format_to(std::back_inserter(chart.points), "{}{:.1f},{:.1f}",
                   chart.points.empty() ? "" : " ", point.x / right * LineChart::kWidth,
                   LineChart::kHeight - point.y / high * LineChart::kHeight);
  }
  return chart;
}

}  // namespace stampede::views
