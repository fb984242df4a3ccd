#include "views/console/line_chart.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace stampede::views {
namespace {

using testing::ElementsAre;

std::vector<double> values(const std::vector<LineChart::Tick>& ticks) {
  std::vector<double> found;
  for (const auto& tick : ticks) found.push_back(tick.value);
  return found;
}

TEST(LineChart, FillsItsBoxFromTheOriginOn) {
  const std::vector<LinePoint> points{{0, 0}, {5, 20}, {10, 100}};
  const LineChart chart = draw_line(points, 100);
  EXPECT_EQ(chart.points, "0.0,300.0 500.0,240.0 1000.0,0.0");
  EXPECT_THAT(values(chart.across), ElementsAre(0, 2, 4, 6, 8, 10));
  EXPECT_THAT(values(chart.up), ElementsAre(0, 20, 40, 60, 80, 100));
  EXPECT_EQ(chart.across.back().place, LineChart::kWidth);
  EXPECT_EQ(chart.up.front().place, LineChart::kHeight);
  EXPECT_EQ(chart.up.back().place, 0);
}

TEST(LineChart, HasRoomForTheTopAndForWhatIsHigher) {
  const std::vector<LinePoint> points{{0, 10}, {1, 20}};
  EXPECT_EQ(draw_line(points, 40).points, "0.0,225.0 1000.0,150.0");
  EXPECT_EQ(draw_line(points, 5).points, "0.0,150.0 1000.0,0.0");
}

TEST(LineChart, OfOnePointOrNothingHasWholeTicks) {
  const LineChart one = draw_line(std::vector<LinePoint>{{0, 0}}, 0);
  EXPECT_EQ(one.points, "0.0,300.0");
  EXPECT_THAT(values(one.across), ElementsAre(0, 1));
  EXPECT_EQ(draw_line({}, 0).points, "");
}

TEST(LineChart, TicksAreFewAndRoundWhateverTheRange) {
  for (const double range : {1.0, 7.0, 59.0, 1234.0, 86'400.0, 1e9}) {
    const auto ticks = values(draw_line(std::vector<LinePoint>{{range, range}}, 0).across);
    EXPECT_GE(ticks.size(), 2U) << range;
    EXPECT_LE(ticks.size(), 8U) << range;
  }
}

}  // namespace
}  // namespace stampede::views
