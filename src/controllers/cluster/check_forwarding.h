#pragma once

#include <optional>
#include <string>
#include <utility>

#include "controllers/shop/check_controller.h"
#include "http/server/handlers/router.h"
#include "peers/authenticator.h"
#include "peers/forwarder.h"
#include "services/routing/route_table.h"
#include "telemetry/log_limit.h"
#include "telemetry/metrics.h"

namespace stampede::controllers {

/// POST /check where there are several validators: stands in front of the CheckController, which
/// decides about this validator's own buyers, and passes the others' requests on, once, to the
/// validator that owns the buyer. Thread-safe; never blocks.
class CheckForwarding {
 public:
  /// All outlive it; what the forwarder has under way ends before it goes.
  struct Parts {
    std::string node;  // this validator's name in the ring
    const services::routing::RouteTable& routes;
    const peers::Authenticator& authenticator;
    peers::Forwarder& forwarder;
    CheckController& check;
  };
  explicit CheckForwarding(Parts parts) : parts_(std::move(parts)) {}

  void add_routes(http::Router& router);

  void write_metrics(telemetry::PrometheusText& text) const;

 private:
  void check(http::Request& request, http::Responder responder);
  /// The address of the validator that owns this buyer, if it is another.
  std::optional<std::string> other_owner(UserId buyer) const;
  /// Answers as the owner does; 503 if it certainly did nothing, or its answer is lost.
  void pass_on(const http::Request& request, const services::purchase::Attempt& attempt,
               const std::string& owner, http::Responder responder);
  http::Response response_to(const peers::Forwarder::Result& result, const IdempotencyKey& intent);

  const Parts parts_;
  telemetry::LogLimit refusals_;
  telemetry::Counter forwarded_;
  telemetry::Counter failed_;  // of those
};

}  // namespace stampede::controllers
