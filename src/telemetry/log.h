#pragma once

#include <fmt/core.h>

#include <string_view>
#include <utility>

namespace stampede::telemetry {

enum class Level { kDebug, kInfo, kWarning, kError, kOff };

/// Structured lines on standard error: `2026-11-22T08:24:00.000Z info sale opened sale=1
/// units=500`. Values are the caller's to keep free of secrets: never cookies, keys, passes or
/// passwords. Thread-safe.
void set_level(Level level);
void log_line(Level level, std::string_view line);
/// Whether a line of this level is written.
bool logs(Level level);

/// `event` is a constant in words; fields follow as fmt text: log_info("sale opened", "sale={}",
/// 1). Line breaks and other control characters in a field are escaped.
template <class... Args>
void log_info(std::string_view event, fmt::format_string<Args...> fields = "", Args&&... args) {
  if (!logs(Level::kInfo)) return;
  log_line(Level::kInfo,
           fmt::format("{} {}", event, fmt::format(fields, std::forward<Args>(args)...)));
}
template <class... Args>
void log_warning(std::string_view event, fmt::format_string<Args...> fields = "", Args&&... args) {
  if (!logs(Level::kWarning)) return;
  log_line(Level::kWarning,
           fmt::format("{} {}", event, fmt::format(fields, std::forward<Args>(args)...)));
}
template <class... Args>
void log_error(std::string_view event, fmt::format_string<Args...> fields = "", Args&&... args) {
  if (!logs(Level::kError)) return;
  log_line(Level::kError,
           fmt::format("{} {}", event, fmt::format(fields, std::forward<Args>(args)...)));
}

}  // namespace stampede::telemetry
