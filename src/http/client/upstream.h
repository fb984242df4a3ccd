#pragma once

#include <chrono>
#include <cstddef>
#include <expected>
#include <functional>
#include <memory>
#include <string>

#include "http/client/client.h"
#include "http/transport_layer.h"

namespace stampede::http {

/// Why there is no answer.
struct UpstreamError {
  enum class Kind {
    kNotSent,  // not a byte of the request has reached the peer: it decided nothing
    kLost      // it may have arrived, and be carried out; the answer did not come
  };
  Kind kind = Kind::kNotSent;
  std::string words;  // "connect 127.0.0.1:9: Connection refused"
};

/// An asynchronous HTTP/1.1 client for servers that are asked often, with a pool of kept
/// connections to each and one thread for all of them. Thread-safe.
class Upstream {
 public:
  struct Limits {
    std::size_t connections = 64;                 // to one target
    std::size_t waiting = 4096;                   // requests to one target, for one of them
    std::size_t response_bytes = 1024UL * 1024;   // of a body; a larger one is lost
    std::chrono::milliseconds idle_time{30'000};  // then an idle connection is closed; to be
                                                  // less than the peer's own
  };
  using Result = std::expected<ClientResponse, UpstreamError>;
  /// Called once, on the client's thread; it must not block there. After stop(), on any thread.
  using Done = std::move_only_function<void(Result)>;

  Upstream() : Upstream(Limits{}) {}
  /// `layer` goes over the TCP of every connection; empty: none.
  explicit Upstream(const Limits& limits, TransportLayer layer = {});
  ~Upstream();  // stops
  Upstream(const Upstream&) = delete;
  Upstream& operator=(const Upstream&) = delete;

  /// Sends `request` to `target`, "host:port" or "[v6]:port" (std::invalid_argument for anything
  /// else). Within `timeout`, give or take 20 ms, `done` has the answer or the error. A kept
  /// connection that the peer has closed before a byte was written is replaced once, by a fresh
  /// one.
  void send(const std::string& target, const ClientRequest& request,
            std::chrono::milliseconds timeout, Done done);

  /// Ends what is under way: kNotSent or kLost, as it stands; later requests are kNotSent. Returns
  /// when no `done` runs on the client's thread any more; not to be called from one.
  void stop();

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace stampede::http
