#pragma once

#include <deque>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "http/asio_types.h"
#include "http/client/upstream.h"
#include "http/client/upstream_call.h"
#include "http/client/upstream_connection.h"
#include "net/host_port.h"

namespace stampede::http {

/// The connections to one target, and the requests that wait for one. On the client's thread.
class UpstreamPool {
 public:
  UpstreamPool(asio::io_context& context, const Upstream::Limits& limits,
               const TransportLayer& layer, net::HostPort target)
      : context_(context), limits_(limits), layer_(layer), target_(std::move(target)) {}

  const Upstream::Limits& limits() const { return limits_; }
  const TransportLayer& layer() const { return layer_; }
  asio::io_context& context() { return context_; }
  const net::HostPort& target() const { return target_; }

  void submit(std::unique_ptr<UpstreamCall> call);
  /// Ends the calls and idle times whose deadline has passed; answers the next deadline.
  Clock::time_point expire(Clock::time_point now);
  /// Fails every request and closes every connection.
  void stop();

  // For the connections:
  /// A request that waits for one; null if there is none.
  std::unique_ptr<UpstreamCall> next();
  void add_idle(UpstreamConnection& connection) { idle_.push_back(&connection); }
  void remove_idle(UpstreamConnection& connection) { std::erase(idle_, &connection); }
  void ended(UpstreamConnection& connection);

 private:
  void open(std::unique_ptr<UpstreamCall> call);

  asio::io_context& context_;
  const Upstream::Limits& limits_;
  const TransportLayer& layer_;
  const net::HostPort target_;
  std::list<UpstreamConnection> connections_;
  std::vector<UpstreamConnection*> idle_;  // the one that became idle last is used first
  std::deque<std::unique_ptr<UpstreamCall>> waiting_;
};

}  // namespace stampede::http
