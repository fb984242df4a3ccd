#pragma once

#include <string>

#include "app/config/config.h"
#include "app/process/listener_tls.h"

namespace stampede::app {

/// For a shop whose disk is full at its start: listens where `stampede serve` does and answers 503
/// to everything, with `reason` at the console's /readyz, until its data directory takes a megabyte
/// again. False if SIGTERM or SIGINT came first. Throws std::system_error naming a taken address.
bool refuse_until_room(const Config& config, const ListenerTls& tls, const std::string& reason);

}  // namespace stampede::app
