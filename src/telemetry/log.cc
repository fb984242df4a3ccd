#include "telemetry/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <memory>
#include <string>

namespace stampede::telemetry {
namespace {

spdlog::level::level_enum spdlog_level(Level level) {
  switch (level) {
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarning:
      return spdlog::level::warn;
    case Level::kError:
      return spdlog::level::err;
    case Level::kOff:
      break;
  }
  return spdlog::level::off;
}

/// Never destroyed, so that threads that still run after main() may log.
spdlog::logger& logger() {
  static spdlog::logger* const instance = [] {
    auto* made = new spdlog::logger("stampede", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
    return made;
  }();
  return *instance;
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

/// A field that came from outside must not be able to forge a line or steer a terminal.
std::string escaped(std::string_view line) {
  std::string result;
  result.reserve(line.size() + 16);
  for (const char c : line) {
    if (c == '\n') {
      result += "\\n";
    } else if (is_control(c)) {
      fmt::format_to(std::back_inserter(result), "\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      result += c;
    }
  }
  return result;
}

}  // namespace

void set_level(Level level) { logger().set_level(spdlog_level(level)); }

bool logs(Level level) { return logger().should_log(spdlog_level(level)); }

void log_line(Level level, std::string_view line) {
  if (!logs(level)) return;
  const auto spdlogs = spdlog_level(level);
  while (line.ends_with(' ')) {  // an event without fields
    line.remove_suffix(1);
  }
  if (std::ranges::none_of(line, is_control)) {
    logger().log(spdlogs, line);
  } else {
    logger().log(spdlogs, escaped(line));
  }
}

}  // namespace stampede::telemetry
