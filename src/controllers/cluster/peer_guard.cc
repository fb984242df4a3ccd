#include "controllers/cluster/peer_guard.h"

#include "telemetry/log.h"

namespace stampede::controllers {

http::Response wrong_peer_secret(const http::Request& request, telemetry::LogLimit& limit) {
  if (limit.admits()) {
    telemetry::log_warning("a peer was refused: its key file or its clock is another",
                           "address={} path={}", request.client_address, request.path);
  }
  return http::problem(403, "wrong-peer-secret",
                       "The header Stampede-Peer does not open here: the key files of both "
                       "processes must hold the same key, and their clocks must be within 30 s.");
}

}  // namespace stampede::controllers
