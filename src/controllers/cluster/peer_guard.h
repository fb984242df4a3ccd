#pragma once

#include "http/message.h"
#include "telemetry/log_limit.h"

namespace stampede::controllers {

/// problem 403 `wrong-peer-secret`: its header Stampede-Peer does not open. Logs a warning, if
/// `limit` admits it.
http::Response wrong_peer_secret(const http::Request& request, telemetry::LogLimit& limit);

}  // namespace stampede::controllers
