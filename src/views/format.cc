#include "views/format.h"

#include <fmt/core.h>

namespace stampede::views {

std::string format_price(std::int64_t cents) {
  std::string whole = fmt::format("{}", cents / 100);
  for (std::size_t end = whole.size(); end > 3; end -= 3) whole.insert(end - 3, 1, ',');
  return fmt::format("${}.{:02}", whole, cents % 100);
}

std::string format_time(Instant instant) {
  const std::string rfc3339 = format_rfc3339(instant);  // 2026-11-22T08:24:00.000Z
  return rfc3339.substr(0, 10) + " " + rfc3339.substr(11, 8) + " UTC";
}

}  // namespace stampede::views
