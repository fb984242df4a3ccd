#pragma once

#include "app/config/config.h"

namespace stampede::app {

/// `stampede serve`: the whole sale in one process on SQLite (docs/design.md#roles). Prints the
/// addresses and then "ready" on standard output, serves until SIGTERM or SIGINT, drains, and
/// returns the exit code: 0, or 1 if purchases had to be given up because the database was away.
/// Throws what cannot start: http::tls::CertificateError, DataDirError, identity::KeyFileError,
/// repositories::StorageError, std::system_error.
int run_serve(const Config& config);

}  // namespace stampede::app
