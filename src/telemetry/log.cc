#include "telemetry/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <string>

#include "model/text/plain_text.h"
#include "model/text/utf8.h"

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

}  // namespace

void set_level(Level level) { logger().set_level(spdlog_level(level)); }

bool logs(Level level) { return logger().should_log(spdlog_level(level)); }

void log_line(Level level, std::string_view line) {
  if (!logs(level)) return;
  const auto spdlogs = spdlog_level(level);
  while (line.ends_with(' ')) {  // an event without fields
    line.remove_suffix(1);
  }
  // A field that came from outside must not be able to forge a line or change the terminal.
  if (!find_control(line) && is_utf8(line)) {
    logger().log(spdlogs, line);
  } else {
    logger().log(spdlogs, visible(line));
  }
}

}  // namespace stampede::telemetry
