#include "app/terminal/operator_text.h"

#include <algorithm>

namespace stampede::app {

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  using std::chrono::milliseconds;
  constexpr milliseconds kLongest = std::chrono::days{3653};
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = parse_number<std::int64_t>(text.substr(0, digits));
  if (!number || *number <= 0) return std::nullopt;
  const std::string_view unit = text.substr(digits);
  std::int64_t scale = 0;
  if (unit == "ms") scale = 1;
  if (unit == "s") scale = 1'000;
  if (unit == "m") scale = 60'000;
  if (unit == "h") scale = 3'600'000;
  if (unit == "d") scale = 86'400'000;
  if (scale == 0 || *number > kLongest.count() / scale) return std::nullopt;
  return milliseconds{*number * scale};
}

std::optional<Instant> parse_time(std::string_view text, Instant now) {
  if (text == "now") return now;
  if (!text.starts_with('+')) return parse_rfc3339(text);
  const auto later = parse_duration(text.substr(1));
  if (!later) return std::nullopt;
  return now + *later;
}

std::optional<UserRange> parse_user_range(std::string_view text) {
  const auto dash = std::min(text.find('-'), text.size());
  const auto first = parse_number<std::int64_t>(text.substr(0, dash));
  const auto last = dash == text.size() ? first : parse_number<std::int64_t>(text.substr(dash + 1));
  if (!first || !last || *first < 1 || *last < *first) return std::nullopt;
  if (*last - *first >= kMostUsers) return std::nullopt;
  return UserRange{UserId{*first}, UserId{*last}};
}

}  // namespace stampede::app
