#pragma once

#include <optional>

#include "controllers/console/operator_guard.h"
#include "controllers/guards/host_rule.h"
#include "http/server/handlers/router.h"

namespace stampede::controllers {

/// What the console asks of every request by its head alone, before anything else:
/// - its `Host` is the console's: else 421 `misdirected`. Not of /healthz, /readyz and /metrics,
///   which programs ask for under whatever name or address they know, and which say nothing that
///   whoever reaches the listener may not read.
/// - what may change something does not come from another site, as `Sec-Fetch-Site` says: else 403
///   `cross-site`. Programs and old browsers send no such header.
/// - whoever sends a body is logged in, or it is the log-in form's or one for the API, which are
///   small: else 401, 303, 411 or 413, and the body is not read.
/// Thread-safe; the services outlive it.
class ConsoleRequestFilter {
 public:
  struct Services {
    const OperatorGuard& guard;
    const HostRule& hosts;
  };
  explicit ConsoleRequestFilter(const Services& services) : services_(services) {}

  /// The filter outlives the router.
  void watch(http::Router& router) const;
  std::optional<http::Response> refuse(const http::Request& request) const;

 private:
  std::optional<http::Response> refuse_body(const http::Request& request) const;

  Services services_;
};

}  // namespace stampede::controllers
