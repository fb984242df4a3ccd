#include "controllers/cluster/peers_controller.h"

#include <utility>

#include "controllers/background.h"
#include "controllers/cluster/peer_guard.h"
#include "peers/json.h"
#include "telemetry/log.h"

namespace stampede::controllers {
namespace {

using Fault = peers::Authenticator::Fault;

http::Response uncached(http::Response response) {
  return std::move(response.with("Cache-Control", "no-store"));
}

http::Response bad_message(const std::string& problem) {
  return http::problem(400, "bad-message", problem);
}

http::Response refused(const services::leasing::QuantityControl::Refusal& refusal) {
  using Kind = services::leasing::QuantityControl::Refusal::Kind;
  const int status = refusal.for_good() ? 409 : 503;  // after a 503 another process is asked
  switch (refusal.kind) {
    case Kind::kNodeTaken:
      return http::problem(status, "node-taken", refusal.words);
    case Kind::kSellsNothing:
      return http::problem(status, "sells-nothing", refusal.words);
    case Kind::kStandby:
      break;
  }
  return http::problem(status, "standby", refusal.words);
}

}  // namespace

void PeersController::add_routes(http::Router& router) {
  auto& pool = services_.pool;
  router.post("/internal/heartbeat", authenticated(pool, &PeersController::heartbeat));
  router.post("/internal/leases", authenticated(services_.grants, &PeersController::lease));
  router.get("/internal/members", authenticated(pool, &PeersController::members));
}

http::Handler PeersController::authenticated(concurrency::WorkerPool& pool, Answer answer) {
  return [this, &pool, answer](http::Request& request, http::Responder responder) {
    const auto token = request.header(peers::Authenticator::kHeader);
    const Now now = clock_();
    // This process's own clock may be wrong: the database's decides.
    const auto time = services_.control.database_time(now);
    const auto peer = services_.authenticator.open_quantity(token, time.value_or(now.wall));
    if (!peer && peer.error() == Fault::kForged) {
      return responder(wrong_peer_secret(request, refusals_));
    }
    if (!time) {
      if (answer == &PeersController::heartbeat) services_.control.note_asked_in_vain();
      return responder(uncached(refused(time.error())));
    }
    if (!peer) return responder(uncached(stale_token(request, *time)));
    answer_from(pool, std::move(responder),
                [this, answer, &request] { return uncached((this->*answer)(request)); });
  };
}

/// The peer's clock is wrong. It is told the time, and nothing else.
http::Response PeersController::stale_token(const http::Request& request, Instant time) {
  if (refusals_.admits()) {
    telemetry::log_warning("a peer was refused: its clock is wrong", "address={} path={}",
                           request.client_address, request.path);
  }
  auto response = http::problem(403, "stale-peer-token",
                                "The header Stampede-Peer was sealed more than 30 s ago or ahead "
                                "by the database's clock; Stampede-Time has its time.");
  return std::move(response.with(
      peers::Authenticator::kTimeHeader,
      services_.authenticator.seal_time(request.header(peers::Authenticator::kHeader), time)));
}

http::Response PeersController::heartbeat(const http::Request& request) {
  const auto heartbeat = peers::parse_heartbeat(request.body);
  if (!heartbeat) return bad_message(heartbeat.error());
  const auto reply = services_.control.beat(*heartbeat, clock_());
  if (!reply) return refused(reply.error());
  return http::json(200, peers::to_json(*reply));
}

http::Response PeersController::lease(const http::Request& request) {
  const auto ask = peers::parse_lease_ask(request.body);
  if (!ask) return bad_message(ask.error());
  const auto reply = services_.control.ask(*ask, clock_());
  if (!reply) return refused(reply.error());
  return http::json(200, peers::to_json(*reply));
}

http::Response PeersController::members(const http::Request&) {
  const auto report = services_.control.report(clock_());
  if (!report) return refused(report.error());
  return http::json(200, peers::to_json(*report));
}

}  // namespace stampede::controllers
