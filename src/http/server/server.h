#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "http/server/handlers/router.h"
#include "http/transport_layer.h"
#include "net/network.h"

namespace stampede::http {

/// Limits of one listener. All durations are upper bounds, checked four times a second. A body may
/// take its time on a slow line, either way, as long as it moves by progress_bytes in each
/// body_time or write_time: 1.6 KB/s if nothing else is said.
struct Limits {
  std::size_t header_bytes = 16UL * 1024;  // request line and headers; beyond: 431
  std::size_t body_bytes = 64UL * 1024;    // beyond: 413
  std::chrono::milliseconds header_time{
      10'000};  // from the first byte of a request to its last header
  std::chrono::milliseconds body_time{10'000};   // for progress_bytes of its body, or the rest
  std::chrono::milliseconds idle_time{60'000};   // between requests
  std::chrono::milliseconds write_time{10'000};  // for the peer to take progress_bytes, or the rest
  std::size_t progress_bytes = 16UL * 1024;      // of a body in either direction
  std::chrono::milliseconds drain_time{10'000};  // stop() waits for running requests
  /// In all; 0: what open files allow, 65,536 at most. A quarter may be of peers that have not sent
  /// a whole request yet; then the longest of those make room.
  std::size_t connections = 0;
  std::size_t connections_per_address = 4096;  // trusted proxies are exempt
  int ipv6_prefix = net::kCustomerPrefix;      // of net::network_of
  /// Bytes that the kernel keeps for one connection, whose peer does not read, at most, in both
  /// directions together; 0: as the system is set up.
  int kernel_memory = 0;
};

struct ListenerOptions {
  std::string address;  // "127.0.0.1:8082", "[::1]:0"; port 0 takes a free one
  unsigned threads = 1;
  int niceness = 0;  // of its threads: concurrency::stand_back()
  Limits limits;
  /// Addresses and networks (net/address_range.h) whose X-Forwarded-For and X-Forwarded-Proto are
  /// believed.
  std::vector<std::string> trusted_proxies;
  /// Over the TCP of every connection, TLS as a rule; called by each of the threads. Empty: none.
  TransportLayer layer = {};
  /// Every request counts as Request::secure: whoever asks does so over TLS, even if this process
  /// does not see it.
  bool secure = false;
  /// Of every answer: whole lines, each with CR LF.
  std::string headers = {};
};

/// Counters of a listener, for telemetry. Read with relaxed order.
struct ServerStatistics {
  std::uint64_t connections_open = 0;
  std::uint64_t connections_accepted = 0;
  std::uint64_t connections_refused = 0;      // over a cap
  std::uint64_t connections_closed_idle = 0;  // to make room for others
  std::uint64_t accept_errors = 0;
  std::uint64_t bad_requests = 0;  // 400, 413, 431 by the parser
  std::uint64_t deadlines_missed = 0;
  std::uint64_t requests = 0;
};

/// An HTTP/1.1 server (RFC 9112): one io_context and one acceptor (SO_REUSEPORT) per thread, one
/// coroutine per connection, keep-alive and pipelining in order. Requests are checked more strictly
/// than the parser of Boost 1.81 does; see http/server/messages/strict.h.
class Server {
 public:
  /// Binds and listens; throws std::system_error naming the address if it is taken or invalid.
  /// `router` must outlive the server.
  Server(ListenerOptions options, const Router& router);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  void start();
  /// The real port, after 0. Thread-safe.
  std::uint16_t port() const;
  /// Where it listens: "127.0.0.1:8082". Thread-safe.
  std::string address() const;
  /// "http://127.0.0.1:8082", or https:// where a layer is put over the connections. Thread-safe.
  std::string url() const;

  /// Stops accepting, closes idle connections, lets running requests finish (with
  /// `Connection: close`) for at most drain_time, then closes the rest. Blocks; afterwards no
  /// handler runs, but tasks posted to the threads still do until the server is destroyed.
  void drain();

  ServerStatistics statistics() const;

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

/// Raises the soft limit on open files to the hard one and returns it.
std::size_t raise_open_file_limit();

}  // namespace stampede::http
