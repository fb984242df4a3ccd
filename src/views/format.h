#pragma once

#include <cstdint>
#include <string>

#include "model/time.h"

namespace stampede::views {

/// 129900 → "$1,299.00". `cents` is not negative.
std::string format_price(std::int64_t cents);

/// 2026-11-22 08:24:00 UTC, for people; the page's script puts it into the visitor's own time zone.
std::string format_time(Instant instant);

}  // namespace stampede::views
