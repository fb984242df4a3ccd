#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "telemetry/metrics.h"

namespace stampede::test_support {

/// The value that `part` writes for a metric without labels. Throws std::runtime_error if it writes
/// none.
template <class Part>
double metric_of(const Part& part, std::string_view name) {
  telemetry::PrometheusText text;
  part.write_metrics(text);
  const std::string before = "\n" + std::string(name) + " ";
  const auto at = text.text().find(before);
  if (at == std::string::npos) throw std::runtime_error("no " + before + " in " + text.text());
  return std::stod(text.text().substr(at + before.size()));
}

}  // namespace stampede::test_support
