#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace stampede {

/// A point in calendar time (UTC), in milliseconds; what the database and the pages hold.
using Instant = std::chrono::sys_time<std::chrono::milliseconds>;

/// A point on the monotonic clock that counts suspended time too (CLOCK_BOOTTIME), in microseconds;
/// for intervals and deadlines: a step of the wall clock neither locks buyers out nor lets them in.
struct MonotonicClock {
  using duration = std::chrono::microseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<MonotonicClock>;
  static constexpr bool is_steady = true;
};
using Tick = MonotonicClock::time_point;

/// Both clocks, read once by an inbound adapter and passed down: no rule reads a clock, so the
/// simulator can run the real rules.
struct Now {
  Instant wall;
  Tick tick;
};

/// Reads both, for adapters and tests only. No std::chrono::steady_clock compares with a Tick.
Now read_clocks();

/// RFC 3339 in UTC with milliseconds: 2026-11-22T08:24:00.000Z.
std::string format_rfc3339(Instant instant);

/// Parses RFC 3339 ("2026-11-22T08:24:00Z", with fraction, with ±hh:mm); nullopt if it is not.
/// Years 1970 to 9999, in UTC.
std::optional<Instant> parse_rfc3339(std::string_view text);

}  // namespace stampede
