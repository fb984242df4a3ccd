#include "captcha/lines.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <optional>
#include <utility>

namespace stampede::captcha {
namespace {

constexpr std::size_t kLetters = 8;
constexpr double kApart = 15;             // pixels between two discs
constexpr double kEdge = 5;               // pixels between a line and the picture's edges
constexpr double kGap = 9;                // pixels between two lines that do not cross
constexpr double kSineOfCrossing = 0.77;  // of 50 degrees
constexpr double kSharpest = 1 / 11.0;    // of a line's bends: 1 / radius in pixels
constexpr double kStep = 3.5;             // pixels from one point of a line to the next, about
constexpr double kHidden = 3;  // pixels around a disc in which its lines are not looked at
constexpr double kTurn = 0.9;  // radians that a line turns behind a letter, at most
constexpr int kTries = 120;    // of curves between two letters

double square(double number) { return number * number; }
double distance2(Point a, Point b) { return square(a.x - b.x) + square(a.y - b.y); }
Point along(Point from, double angle, double length) {
  return {from.x + length * std::cos(angle), from.y + length * std::sin(angle)};
}

/// A letter's disc, or the dot.
struct Place {
  Point middle;
  double radius;
};

/// A point of a line, and where the line goes there: a vector of length 1.
struct Step {
  Point at;
  Point way;
};

Point point_at(const Curve& curve, double t) {
  const double u = 1 - t;
  const double a = u * u * u;
  const double b = 3 * u * u * t;
  const double c = 3 * u * t * t;
  const double d = t * t * t;
  return {a * curve.from.x + b * curve.handle.x + c * curve.other_handle.x + d * curve.to.x,
          a * curve.from.y + b * curve.handle.y + c * curve.other_handle.y + d * curve.to.y};
}

/// The steps of all lines so far, found by where they are.
class Taken {
 public:
  void add(const Step& step) { cell(step.at).push_back(step); }

  /// Whether eyes that follow another line through `step` stay on that line.
  bool clear_at(const Step& step) const {
    const auto column = static_cast<int>(step.at.x / kGap);
    const auto row = static_cast<int>(step.at.y / kGap);
    for (int y = std::max(0, row - 1); y <= std::min(kRows - 1, row + 1); ++y) {
      for (int x = std::max(0, column - 1); x <= std::min(kColumns - 1, column + 1); ++x) {
        for (const Step& other : cells_[static_cast<std::size_t>(y * kColumns + x)]) {
          const double sine = std::abs(step.way.x * other.way.y - step.way.y * other.way.x);
          if (sine < kSineOfCrossing && distance2(step.at, other.at) < square(kGap)) return false;
        }
      }
    }
    return true;
  }

 private:
  static constexpr int kColumns = static_cast<int>(kWidth / kGap) + 1;
  static constexpr int kRows = static_cast<int>(kHeight / kGap) + 1;

  std::vector<Step>& cell(Point at) {
    return cells_[static_cast<std::size_t>(static_cast<int>(at.y / kGap) * kColumns +
                                           static_cast<int>(at.x / kGap))];
  }

  std::array<std::vector<Step>, static_cast<std::size_t>(kColumns* kRows)> cells_;
};

/// Draws lines from place to place.
class Plane {
 public:
  /// The first of `places` is the dot's.
  explicit Plane(std::vector<Place> places) : places_(std::move(places)) {
    for (std::size_t i = kDot + 1; i < places_.size(); ++i) unvisited_.push_back(i);
  }

  /// A line from the dot through so many letters; nullopt if none was found.
  std::optional<Plan::Line> marked_line(Random& random, std::size_t letters) {
    return join(random, kDot, letters);
  }

  /// A line through all letters that are left, of which there are two or more.
  std::optional<Plan::Line> other_line(Random& random) {
    const std::size_t first = unvisited_.back();
    unvisited_.pop_back();
    auto line = join(random, first, unvisited_.size());
    if (line) line->letters.insert(line->letters.begin(), places_[first].middle);
    return line;
  }

 private:
  static constexpr std::size_t kDot = 0;

  std::optional<Plan::Line> join(Random& random, std::size_t start, std::size_t letters) {
    Plan::Line line;
    std::optional<double> came;
    std::size_t at = start;
    while (line.letters.size() < letters) {
      const auto next = go_on(random, at, came, line);
      if (!next) return std::nullopt;
      at = *next;
    }
    return line;
  }

  /// To any letter that no line has visited, and can be reached: which.
  std::optional<std::size_t> go_on(Random& random, std::size_t from, std::optional<double>& came,
                                   Plan::Line& line) {
    std::vector<std::size_t> targets = unvisited_;
    while (!targets.empty()) {
      const std::size_t pick = random.below(targets.size());
      const std::size_t to = targets[pick];
      targets.erase(targets.begin() + static_cast<std::ptrdiff_t>(pick));
      const auto curve = join_two(random, from, to, came);
      if (!curve) continue;
      line.curves.push_back(*curve);
      line.letters.push_back(places_[to].middle);
      std::erase(unvisited_, to);
      return to;
    }
    return std::nullopt;
  }

  /// `came`: the direction in which the line came to `from`, in radians; then to `to`.
  std::optional<Curve> join_two(Random& random, std::size_t from, std::size_t to,
                                std::optional<double>& came) {
    const Point a = places_[from].middle;
    const Point b = places_[to].middle;
    const double chord = std::sqrt(distance2(a, b));
    for (int i = 0; i < kTries; ++i) {
      const double leaves =
          came ? *came + random.between(-kTurn, kTurn) : random.between(0, 2 * std::numbers::pi);
      const double arrives = random.between(0, 2 * std::numbers::pi);
      const Curve curve{a, along(a, leaves, chord * random.between(0.35, 1.1)),
                        along(b, arrives, -chord * random.between(0.35, 1.1)), b};
      if (!walk(curve, from, to)) continue;
      for (const Step& step : steps_) taken_.add(step);
      came = arrives;
      return curve;
    }
    return std::nullopt;
  }

  /// Puts the curve's steps into `steps_`, but those that the discs of its two letters hide. False
  /// if eyes could lose it: the curve bends sharply, leaves the picture, or comes near what is not
  /// its own.
  bool walk(const Curve& curve, std::size_t from, std::size_t to) {
    const double length = std::sqrt(distance2(curve.from, curve.handle)) +
                          std::sqrt(distance2(curve.handle, curve.other_handle)) +
                          std::sqrt(distance2(curve.other_handle, curve.to));
    const int count = static_cast<int>(length / kStep) + 2;
    for (const double t : {0.5, 0.3, 0.7}) {  // most curves fail here, where it costs least
      if (!is_free(point_at(curve, t), from, to)) return false;
    }
    steps_.clear();
    Step before{curve.from, {0, 0}};
    bool left = false;
    bool came = false;
    for (int i = 1; i <= count; ++i) {
      const Point at = point_at(curve, static_cast<double>(i) / count);
      const double far = std::sqrt(distance2(before.at, at));
      const Step step{at, {(at.x - before.at.x) / far, (at.y - before.at.y) / far}};
      const double sine = before.way.x * step.way.y - before.way.y * step.way.x;
      const double cosine = before.way.x * step.way.x + before.way.y * step.way.y;
      if (cosine < 0 || std::abs(sine) > far * kSharpest) return false;
      before = step;
      const bool near_from = is_near(at, from, kClear);
      const bool near_to = is_near(at, to, kClear);
      if ((near_from && left) || (came && !near_to)) return false;
      left = left || !near_from;
      came = came || near_to;
      if (is_near(at, from, kHidden) || is_near(at, to, kHidden)) continue;
      if (!is_free(at, from, to) || !taken_.clear_at(step)) return false;
      steps_.push_back(step);
    }
    return true;
  }

  bool is_near(Point at, std::size_t place, double clearance) const {
    return distance2(at, places_[place].middle) < square(places_[place].radius + clearance);
  }

  /// Within the picture, and near no place but these two.
  bool is_free(Point at, std::size_t from, std::size_t to) const {
    if (at.x < kEdge || at.x > kWidth - kEdge || at.y < kEdge || at.y > kHeight - kEdge) {
      return false;
    }
    for (std::size_t i = 0; i < places_.size(); ++i) {
      if (i != from && i != to && is_near(at, i, kClear)) return false;
    }
    return true;
  }

  std::vector<Place> places_;
  std::vector<std::size_t> unvisited_;  // letters
  Taken taken_;
  std::vector<Step> steps_;  // of the curve that is tried
};

/// Places for the dot, which is the first, and for the letters, none near another.
std::optional<std::vector<Place>> choose_places(Random& random) {
  constexpr double kDotMargin = 12;  // pixels
  constexpr double kMargin = kLetterRadius + 2;
  constexpr int kMostTries = 20;
  std::vector<Place> places{{.middle = {random.between(kDotMargin, kWidth - kDotMargin),
                                        random.between(kDotMargin, kHeight - kDotMargin)},
                             .radius = kDotRadius}};
  for (int tries = 0; places.size() <= kLetters;) {
    const Point middle{random.between(kMargin, kWidth - kMargin),
                       random.between(kMargin, kHeight - kMargin)};
    const bool free = std::ranges::all_of(places, [&](const Place& place) {
      return distance2(middle, place.middle) > square(place.radius + kLetterRadius + kApart);
    });
    if (free) {
      places.push_back({.middle = middle, .radius = kLetterRadius});
      tries = 0;
    } else if (++tries == kMostTries) {
      return std::nullopt;
    }
  }
  return places;
}

std::optional<Plan> try_plan(Random& random, std::size_t marked) {
  auto places = choose_places(random);
  if (!places) return std::nullopt;
  Plane plane(std::move(*places));
  auto line = plane.marked_line(random, marked);
  if (!line) return std::nullopt;
  auto other = plane.other_line(random);
  if (!other) return std::nullopt;
  return Plan{.marked = std::move(*line), .other = std::move(*other)};
}

}  // namespace

Plan plan_lines(Random& random, std::size_t marked) {
  while (true) {  // one try in seven succeeds
    if (auto plan = try_plan(random, marked)) return std::move(*plan);
  }
}

}  // namespace stampede::captcha
