#include "captcha/lines.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <vector>

namespace stampede::captcha {
namespace {

constexpr std::uint64_t kPlans = 200;
constexpr double kAtALetter = 6;  // pixels around a disc in which only its own line is

double distance(Point a, Point b) { return std::hypot(a.x - b.x, a.y - b.y); }

/// A point of a line and the way there, and between which letters of its line that is.
struct Spot {
  Point at;
  Point way;
  const Plan::Line* line;
  std::size_t curve;
};

std::vector<Spot> spots(const Plan::Line& line) {
  constexpr int kParts = 100;  // of a curve
  std::vector<Spot> all;
  for (std::size_t i = 0; i < line.curves.size(); ++i) {
    const auto& [a, b, c, d] = line.curves[i];
    Point before = a;
    for (int part = 1; part <= kParts; ++part) {
      const double t = static_cast<double>(part) / kParts;
      const double u = 1 - t;
      const auto mix = [&](double p, double q, double r, double s) {
        return u * u * u * p + 3 * u * u * t * q + 3 * u * t * t * r + t * t * t * s;
      };
      const Point at{mix(a.x, b.x, c.x, d.x), mix(a.y, b.y, c.y, d.y)};
      const double far = distance(before, at);
      all.push_back({at, {(at.x - before.x) / far, (at.y - before.y) / far}, &line, i});
      before = at;
    }
  }
  return all;
}

std::vector<Spot> spots(const Plan& plan) {
  std::vector<Spot> all = spots(plan.marked);
  std::ranges::copy(spots(plan.other), std::back_inserter(all));
  return all;
}

std::vector<Point> letters(const Plan& plan) {
  std::vector<Point> all = plan.marked.letters;
  all.insert(all.end(), plan.other.letters.begin(), plan.other.letters.end());
  return all;
}

Plan plan_of(std::uint64_t seed) {
  Random random(seed);
  return plan_lines(random, 4 + seed % 3);
}

bool same(Point a, Point b) { return distance(a, b) < 1e-6; }

TEST(CaptchaLines, VisitEachOfEightLettersOnceInTheirOrder) {
  for (std::uint64_t seed = 0; seed < kPlans; ++seed) {
    const Plan plan = plan_of(seed);
    ASSERT_EQ(plan.marked.letters.size(), 4 + seed % 3);
    ASSERT_EQ(plan.other.letters.size(), 4 - seed % 3);
    ASSERT_EQ(plan.marked.curves.size(), plan.marked.letters.size());
    ASSERT_EQ(plan.other.curves.size() + 1, plan.other.letters.size());
    for (std::size_t i = 0; i < plan.marked.curves.size(); ++i) {
      EXPECT_TRUE(same(plan.marked.curves[i].to, plan.marked.letters[i])) << seed;
      EXPECT_TRUE(i == 0 || same(plan.marked.curves[i].from, plan.marked.letters[i - 1])) << seed;
    }
    for (std::size_t i = 0; i < plan.other.curves.size(); ++i) {
      EXPECT_TRUE(same(plan.other.curves[i].from, plan.other.letters[i])) << seed;
      EXPECT_TRUE(same(plan.other.curves[i].to, plan.other.letters[i + 1])) << seed;
    }
  }
}

TEST(CaptchaLines, LettersAndDotHavePlacesOfTheirOwnInThePicture) {
  for (std::uint64_t seed = 0; seed < kPlans; ++seed) {
    const Plan plan = plan_of(seed);
    const std::vector<Point> all = letters(plan);
    for (std::size_t i = 0; i < all.size(); ++i) {
      EXPECT_GT(std::min(all[i].x, kWidth - all[i].x), kLetterRadius) << seed;
      EXPECT_GT(std::min(all[i].y, kHeight - all[i].y), kLetterRadius) << seed;
      EXPECT_GT(distance(all[i], plan.dot()), kLetterRadius + kDotRadius + kClear) << seed;
      for (std::size_t k = 0; k < i; ++k) {
        EXPECT_GT(distance(all[i], all[k]), 2 * kLetterRadius + kClear) << seed;
      }
    }
  }
}

TEST(CaptchaLines, ComeNearNoLetterThatTheyDoNotVisit) {
  for (std::uint64_t seed = 0; seed < kPlans; ++seed) {
    const Plan plan = plan_of(seed);
    for (const Spot& spot : spots(plan)) {
      const Curve& own = spot.line->curves[spot.curve];
      EXPECT_GT(std::min({spot.at.x, spot.at.y, kWidth - spot.at.x, kHeight - spot.at.y}), 4.0);
      for (const Point& letter : letters(plan)) {
        if (same(letter, own.from) || same(letter, own.to)) continue;
        // A line is looked at every 3.5 pixels, and may come a little nearer between.
        EXPECT_GT(distance(spot.at, letter), kLetterRadius + kClear - 1) << seed;
      }
    }
  }
}

/// Whether the disc of a letter between which the spot's curve runs, or the dot, hides it.
bool hidden(const Spot& spot) {
  const Curve& own = spot.line->curves[spot.curve];
  return std::min(distance(spot.at, own.from), distance(spot.at, own.to)) <
         kLetterRadius + kAtALetter;
}

TEST(CaptchaLines, AreApartOrCrossSteeply) {
  int crossings = 0;
  for (std::uint64_t seed = 0; seed < kPlans; ++seed) {
    const Plan plan = plan_of(seed);
    std::vector<Spot> seen = spots(plan);
    std::erase_if(seen, hidden);
    for (const Spot& one : seen) {
      for (const Spot& other : seen) {
        if (one.line == other.line && one.curve == other.curve) continue;
        const double far = distance(one.at, other.at);
        if (far > 6) continue;
        const double sine = std::abs(one.way.x * other.way.y - one.way.y * other.way.x);
        EXPECT_GT(sine, 0.7) << seed << ": 45 degrees at " << one.at.x << ", " << one.at.y;
        crossings += far < 0.5 ? 1 : 0;
      }
    }
  }
  EXPECT_GT(crossings, 100) << "most pictures have crossings";
}

TEST(CaptchaLines, DoNotGoFromALetterToTheNearest) {
  int nearest = 0;
  int all = 0;
  for (std::uint64_t seed = 0; seed < kPlans; ++seed) {
    const Plan plan = plan_of(seed);
    std::vector<Point> left = letters(plan);
    Point at = plan.dot();
    for (const Point& next : plan.marked.letters) {
      const auto nearer = [&](Point letter) { return distance(at, letter) < distance(at, next); };
      nearest += std::ranges::none_of(left, nearer) ? 1 : 0;
      ++all;
      std::erase_if(left, [&](Point letter) { return same(letter, next); });
      at = next;
    }
  }
  EXPECT_LT(nearest, all / 2);
}

}  // namespace
}  // namespace stampede::captcha
