#pragma once

#include <functional>
#include <string>
#include <vector>

#include "http/router.h"
#include "telemetry/metrics.h"

namespace stampede::controllers {

/// GET /healthz, /readyz and /metrics, without login: for a private listener only.
class OperationsController {
 public:
  /// Writes the metrics of one part of the process. Called on a door thread: must not block.
  using WriteMetrics = std::function<void(telemetry::PrometheusText&)>;

  /// `ready`: whether a purchase could succeed now; `standing`: as what, in one word that /readyz
  /// says; none: "ready". Both are thread-safe and must not block.
  OperationsController(std::function<bool()> ready, std::vector<WriteMetrics> parts,
                       std::function<std::string()> standing = {})
      : ready_(std::move(ready)), parts_(std::move(parts)), standing_(std::move(standing)) {}

  void add_routes(http::Router& router);

 private:
  std::function<bool()> ready_;
  std::vector<WriteMetrics> parts_;
  std::function<std::string()> standing_;  // may be empty
};

}  // namespace stampede::controllers
