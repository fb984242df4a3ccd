#pragma once

#include <functional>

#include "concurrency/worker_pool.h"
#include "controllers/clock.h"
#include "http/server/handlers/router.h"
#include "peers/authenticator.h"
#include "services/leasing/quantity_control.h"
#include "telemetry/log_limit.h"

namespace stampede::controllers {

/// Quantity control's side of what roles tell each other, as peers/json.h has it, for peers that
/// prove themselves by the header Stampede-Peer (else 403 `wrong-peer-secret`; 403
/// `stale-peer-token` and the database's time in Stampede-Time, for a peer whose clock is wrong):
/// POST /internal/heartbeat (409 `node-taken`: another process has that name), POST
/// /internal/leases, GET /internal/members. 400 `bad-message` says what was wrong with a message;
/// 503 `standby`: this process does not lead, another may; 503 `unavailable`: the database is away.
/// Thread-safe; the services outlive it, and tasks in the pools end before it goes.
class PeersController {
 public:
  struct Services {
    services::leasing::QuantityControl& control;
    concurrency::WorkerPool& pool;
    /// Of requests for leases, which may wait for a sale's row: heartbeats do not wait with them.
    concurrency::WorkerPool& grants;
    const peers::Authenticator& authenticator;
  };
  explicit PeersController(const Services& services, Clock clock = read_clocks)
      : services_(services), clock_(std::move(clock)) {}

  /// The controller must outlive the router.
  void add_routes(http::Router& router);

 private:
  /// Runs on the pool, for a peer that has proved itself.
  using Answer = http::Response (PeersController::*)(const http::Request&);
  http::Handler authenticated(concurrency::WorkerPool& pool, Answer answer);
  http::Response stale_token(const http::Request& request, Instant time);

  http::Response heartbeat(const http::Request& request);
  http::Response lease(const http::Request& request);
  http::Response members(const http::Request& request);

  const Services services_;
  const Clock clock_;
  telemetry::LogLimit refusals_;
};

}  // namespace stampede::controllers
