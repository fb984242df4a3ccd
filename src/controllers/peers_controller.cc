#include "controllers/peers_controller.h"

#include <utility>

#include "controllers/background.h"
#include "controllers/peer_guard.h"
#include "peers/json.h"

namespace stampede::controllers {
namespace {

http::Response uncached(http::Response response) {
  return std::move(response.with("Cache-Control", "no-store"));
}

http::Response bad_message(const std::string& problem) {
  return http::problem(400, "bad-message", problem);
}

}  // namespace

void PeersController::add_routes(http::Router& router) {
  router.post("/internal/heartbeat", authenticated(&PeersController::heartbeat));
  router.post("/internal/leases", authenticated(&PeersController::lease));
  router.get("/internal/members", authenticated(&PeersController::members));
}

http::Handler PeersController::authenticated(Answer answer) {
  return [this, answer](http::Request& request, http::Responder responder) {
    const auto token = request.header(peers::Authenticator::kHeader);
    if (!services_.authenticator.open_quantity(token, clock_().wall)) {
      return responder(wrong_peer_secret(request, refusals_));
    }
    answer_from(services_.pool, std::move(responder),
                [this, answer, &request] { return uncached((this->*answer)(request)); });
  };
}

http::Response PeersController::heartbeat(const http::Request& request) {
  const auto heartbeat = peers::parse_heartbeat(request.body);
  if (!heartbeat) return bad_message(heartbeat.error());
  const auto reply = services_.control.beat(*heartbeat, clock_());
  if (!reply) return http::problem(409, "node-taken", reply.error());
  return http::json(200, peers::to_json(*reply));
}

http::Response PeersController::lease(const http::Request& request) {
  const auto ask = peers::parse_lease_ask(request.body);
  if (!ask) return bad_message(ask.error());
  return http::json(200, peers::to_json(services_.control.ask(*ask, clock_())));
}

http::Response PeersController::members(const http::Request&) {
  return http::json(200, peers::to_json(services_.control.report()));
}

}  // namespace stampede::controllers
