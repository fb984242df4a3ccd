#pragma once

#include <functional>
#include <vector>

#include "http/router.h"
#include "telemetry/metrics.h"

namespace stampede::controllers {

/// GET /healthz, /readyz and /metrics, without login: for a private listener only.
class OperationsController {
 public:
  /// Writes the metrics of one part of the process. Called on a door thread: must not block.
  using WriteMetrics = std::function<void(telemetry::PrometheusText&)>;

  /// `ready`: whether a purchase could succeed now (thread-safe, must not block).
  OperationsController(std::function<bool()> ready, std::vector<WriteMetrics> parts)
      : ready_(std::move(ready)), parts_(std::move(parts)) {}

  void add_routes(http::Router& router);

 private:
  std::function<bool()> ready_;
  std::vector<WriteMetrics> parts_;
};

}  // namespace stampede::controllers
