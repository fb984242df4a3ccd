#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "http/server/handlers/router.h"
#include "telemetry/metrics.h"

namespace stampede::controllers {

/// GET /healthz, /readyz and /metrics, without login: for a private listener only.
class OperationsController {
 public:
  /// Writes the metrics of one part of the process. Called on a thread of the HTTP server: must not
  /// block.
  using WriteMetrics = std::function<void(telemetry::PrometheusText&)>;

  /// `ready`: whether a purchase could succeed now; `status`: the word that /readyz answers then;
  /// empty: "ready". Both are thread-safe and must not block.
  OperationsController(std::function<bool()> ready, std::vector<WriteMetrics> parts,
                       std::function<std::string()> status = {})
      : OperationsController(
            [ready = std::move(ready)] {
              return std::string(ready() ? "" : "The database does not take orders now.");
            },
            std::move(parts), std::move(status)) {}
  /// `problem`: why none could, as a sentence; empty: it could (thread-safe, must not block).
  OperationsController(std::function<std::string()> problem, std::vector<WriteMetrics> parts,
                       std::function<std::string()> status = {})
      : problem_(std::move(problem)), parts_(std::move(parts)), status_(std::move(status)) {}

  void add_routes(http::Router& router);

 private:
  std::function<std::string()> problem_;
  std::vector<WriteMetrics> parts_;
  std::function<std::string()> status_;  // may be empty
};

}  // namespace stampede::controllers
