#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

#include "app/config/parse_number.h"
#include "model/ids.h"
#include "model/time.h"

// How operators write numbers, durations, times and ranges on the command line.
namespace stampede::app {

inline constexpr std::string_view kDurationShape =
    "a duration like 500ms, 10s, 5m, 2h or 7d, of at most 10 years";
/// A positive whole number with its unit.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

inline constexpr std::string_view kTimeShape =
    "now, a time from now like +10s, or RFC 3339 like 2026-11-22T08:24:00Z";
std::optional<Instant> parse_time(std::string_view text, Instant now);

struct UserRange {
  UserId first;
  UserId last;
  std::int64_t size() const { return last.value - first.value + 1; }
};
inline constexpr std::int64_t kMostUsers = 10'000'000;
inline constexpr std::string_view kUserRangeShape =
    "ids like 1-1000, from 1, in ascending order, at most 10000000 of them";
/// "A-B", or "A" alone.
std::optional<UserRange> parse_user_range(std::string_view text);

}  // namespace stampede::app
