#include "controllers/cluster/peers_controller.h"

#include <utility>

#include "controllers/background.h"
#include "controllers/cluster/peer_guard.h"
#include "peers/json.h"

namespace stampede::controllers {
namespace {

http::Response uncached(http::Response response) {
  return std::move(response.with("Cache-Control", "no-store"));
}

http::Response bad_message(const std::string& problem) {
  return http::problem(400, "bad-message", problem);
}

http::Response refused(const services::leasing::QuantityControl::Refusal& refusal) {
  using Kind = services::leasing::QuantityControl::Refusal::Kind;
  return refusal.kind == Kind::kNodeTaken ? http::problem(409, "node-taken", refusal.words)
                                          : http::problem(503, "standby", refusal.words);
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
    if (!services_.authenticator.open_quantity(token, clock_().wall)) {
      return responder(wrong_peer_secret(request, refusals_));
    }
    answer_from(pool, std::move(responder),
                [this, answer, &request] { return uncached((this->*answer)(request)); });
  };
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
