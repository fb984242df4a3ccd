#pragma once

#include <expected>
#include <string>

#include "app/config/config.h"

namespace stampede::app {

/// Runs the checkout of the demo at `listen` until SIGTERM or SIGINT, beside the shop whose data or
/// database `config` names; answers the exit code, or what speaks against it: an address that is
/// not of this machine alone, or a secret (payment.secret_file) that cannot be read.
std::expected<int, std::string> run_demo_checkout(const Config& config, const std::string& listen);

}  // namespace stampede::app
