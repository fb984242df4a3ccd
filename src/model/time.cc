#include "model/time.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>

#include "model/check.h"

namespace stampede {
namespace {

using std::chrono::floor;

constexpr Instant kFirst{};
constexpr Instant kEnd = std::chrono::sys_days{std::chrono::year{10'000} / 1 / 1};

/// Reads exactly `digits` decimal digits off the front of `text`.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int number = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    number = number * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return number;
}

bool take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

/// ".123456" → 123 ms; nullopt if a point is not followed by a digit.
std::optional<int> take_fraction(std::string_view& text) {
  if (!take(text, ".")) return 0;
  int milliseconds = 0;
  int scale = 100;
  bool any = false;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    milliseconds += (text.front() - '0') * scale;
    scale /= 10;
    text.remove_prefix(1);
    any = true;
  }
  if (!any) return std::nullopt;
  return milliseconds;
}

/// "Z" or "+02:00" → minutes east of UTC.
std::optional<int> take_offset(std::string_view& text) {
  if (take(text, "Zz")) return 0;
  if (text.empty() || (text.front() != '+' && text.front() != '-')) return std::nullopt;
  const int sign = text.front() == '-' ? -1 : 1;
  text.remove_prefix(1);
  const auto hours = take_number(text, 2);
  if (!hours || *hours > 23 || !take(text, ":")) return std::nullopt;
  const auto minutes = take_number(text, 2);
  if (!minutes || *minutes > 59) return std::nullopt;
  return sign * (*hours * 60 + *minutes);
}

}  // namespace

Now read_clocks() {
  using namespace std::chrono;
  // std::chrono has no clock that goes on while the machine is suspended.
  timespec since_boot{};
  const bool read = clock_gettime(CLOCK_BOOTTIME, &since_boot) == 0;
  STAMPEDE_CHECK(read, "every Linux has a clock that goes on while the machine is suspended");
  return {floor<milliseconds>(system_clock::now()),
          Tick{seconds{since_boot.tv_sec} +
               duration_cast<microseconds>(nanoseconds{since_boot.tv_nsec})}};
}

std::string format_rfc3339(Instant instant) {
  const auto day = floor<std::chrono::days>(instant);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{instant - day};
  std::array<char, 64> text;
  const int size = std::snprintf(
      text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
      static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
      static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()),
      static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()),
      static_cast<int>(time.subseconds().count()));
  return {text.data(), static_cast<std::size_t>(size)};
}

std::optional<Instant> parse_rfc3339(std::string_view text) {
  const auto year = take_number(text, 4);
  if (!year || *year < 1970 || !take(text, "-")) return std::nullopt;
  const auto month = take_number(text, 2);
  if (!month || !take(text, "-")) return std::nullopt;
  const auto day = take_number(text, 2);
  if (!day || !take(text, "Tt ")) return std::nullopt;
  const auto hour = take_number(text, 2);
  if (!hour || *hour > 23 || !take(text, ":")) return std::nullopt;
  const auto minute = take_number(text, 2);
  if (!minute || *minute > 59 || !take(text, ":")) return std::nullopt;
  const auto second = take_number(text, 2);
  if (!second || *second > 59) return std::nullopt;
  const auto fraction = take_fraction(text);
  if (!fraction) return std::nullopt;
  const auto offset = take_offset(text);
  if (!offset || !text.empty()) return std::nullopt;

  const std::chrono::year_month_day date{std::chrono::year{*year},
                                         std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return std::nullopt;
  const Instant instant = std::chrono::sys_days{date} + std::chrono::hours{*hour} +
                          std::chrono::minutes{*minute} + std::chrono::seconds{*second} +
                          std::chrono::milliseconds{*fraction} - std::chrono::minutes{*offset};
  // An offset may lead out of the years that can be written again.
  if (instant < kFirst || instant >= kEnd) return std::nullopt;
  return instant;
}

}  // namespace stampede
