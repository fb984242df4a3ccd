#include "services/validator/clocks.h"

#include <algorithm>
#include <cstdlib>

namespace stampede::services::validator {
namespace {

using std::chrono::milliseconds;
using Clock = purchase::Attempt::Clock;

/// How far a wall clock is ahead of the tick: a number that means nothing, and stays the same while
/// both advance alike.
std::int64_t ahead_of_tick(Instant wall, Tick tick) {
  return (wall.time_since_epoch() - std::chrono::floor<milliseconds>(tick.time_since_epoch()))
      .count();
}
std::int64_t ahead_of_tick(Now now) { return ahead_of_tick(now.wall, now.tick); }

bool beyond_tolerance(milliseconds difference) {
  return std::chrono::abs(difference) > Clocks::kTolerance;
}

std::string seconds_of(milliseconds time) {
  const auto tenths = std::abs(time.count()) / 100;
  return std::to_string(tenths / 10) + '.' + std::to_string(tenths % 10) + " s";
}

}  // namespace

bool Clocks::jumped(Now from, Now to) {
  return beyond_tolerance(milliseconds{ahead_of_tick(to) - ahead_of_tick(from)});
}

bool Clocks::tick_stood_still(std::optional<Instant> database, Now asked, Now answered) const {
  const bool wall_jumped = beyond_tolerance(since_note(answered));
  if (!database || database_most_ == kUnknown) return wall_jumped;
  const auto gone_on = [](std::int64_t from, std::int64_t to) {
    return to - from > kTolerance.count();
  };
  // A reply that was under way for long leaves it open when it was made.
  return gone_on(database_most_, ahead_of_tick(*database, answered.tick)) ||
         (wall_jumped && gone_on(database_least_, ahead_of_tick(*database, asked.tick)));
}

void Clocks::note(std::optional<Instant> database, Now asked, Now answered) {
  milliseconds wrong_by{0};
  milliseconds unsure_by{0};
  if (database) {
    // The reply was made between the two readings.
    const auto under_way = std::chrono::ceil<milliseconds>(answered.tick - asked.tick);
    wrong_by = answered.wall - std::clamp(answered.wall, *database, *database + under_way);
    database_least_ = ahead_of_tick(*database, answered.tick);
    database_most_ = database_least_ + under_way.count();
    unsure_by = under_way;
  }
  // A reader that has seen own_ sees the others, and all that was noted before. One between the
  // stores sees a jump at worst: for a moment it decides nothing.
  wrong_by_.store(wrong_by.count(), std::memory_order_relaxed);
  unsure_by_.store(unsure_by.count(), std::memory_order_relaxed);
  own_.store(ahead_of_tick(answered), std::memory_order_release);
}

milliseconds Clocks::since_note(Now now) const {
  const std::int64_t own = own_.load(std::memory_order_acquire);
  return milliseconds{own == kUnknown ? 0 : ahead_of_tick(now) - own};
}

Clocks::Reading Clocks::read(Now now) const {
  const std::int64_t own = own_.load(std::memory_order_acquire);
  if (own == kUnknown) return {now, Clock::kWrong};
  const milliseconds jump{ahead_of_tick(now) - own};
  const milliseconds wrong_by{wrong_by_.load(std::memory_order_relaxed)};
  const milliseconds unsure_by{unsure_by_.load(std::memory_order_relaxed)};
  const bool jumped = beyond_tolerance(jump);
  const bool wrong_at_worst = beyond_tolerance(std::chrono::abs(wrong_by) + unsure_by);
  if (!jumped && !wrong_at_worst) return {now, Clock::kTrusted};
  return {{now.wall - jump - wrong_by, now.tick}, jumped ? Clock::kJumped : Clock::kWrong};
}

milliseconds Clocks::ahead(Now now) const {
  return since_note(now) + milliseconds{wrong_by_.load(std::memory_order_relaxed)};
}

std::string Clocks::problem(Now now) const {
  if (own_.load(std::memory_order_relaxed) == kUnknown) return {};
  switch (read(now).clock) {
    case Clock::kTrusted:
      return {};
    case Clock::kJumped:
      return "the wall clock jumped by " + seconds_of(since_note(now)) + " within a heartbeat";
    case Clock::kWrong:
      if (!beyond_tolerance(ahead(now))) {
        return "the database's time is not known: its last reply was under way for long";
      }
      return "the wall clock is " + seconds_of(ahead(now)) +
             (ahead(now).count() > 0 ? " ahead of" : " behind") + " the database's";
  }
  return {};
}

}  // namespace stampede::services::validator
