#pragma once

#include <functional>
#include <memory>

namespace stampede::http {

class Transport;

/// Puts a transport over the plain one of a new connection, as TLS does; see http/transport.h.
/// Empty: none is put. Called on the thread that serves the connection; a server's has as many
/// threads as the server. If it throws, that connection is closed and logged.
using TransportLayer = std::function<std::unique_ptr<Transport>(std::unique_ptr<Transport>)>;

}  // namespace stampede::http
