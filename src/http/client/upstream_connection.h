#pragma once

#include <boost/beast/core/flat_buffer.hpp>
#include <memory>
#include <string_view>

#include "http/asio_types.h"
#include "http/client/upstream_call.h"
#include "http/transport.h"

namespace stampede::http {

class UpstreamPool;

/// One connection to a target: a coroutine that sends one request after the other and is idle in
/// between. The pool owns it and is told when it ends.
class UpstreamConnection {
 public:
  explicit UpstreamConnection(UpstreamPool& pool);

  /// Connects for this call.
  void start(std::unique_ptr<UpstreamCall> call);
  /// Sends this call on the idle connection.
  void go_on(std::unique_ptr<UpstreamCall> call);
  /// Of the call under way, or of the idle time. Clock::time_point::max() while it is being closed.
  Clock::time_point deadline() const;
  /// Fails the call under way and ends the connection.
  void close(std::string_view why);

 private:
  enum class Sent { kWhole, kNothing, kFailed };

  Awaitable<void> run();
  Awaitable<bool> connect();
  Awaitable<error_code> connect_to_any();
  Awaitable<Sent> send();
  Awaitable<bool> receive();
  Awaitable<bool> idle();
  bool closed_by_peer();
  bool given_up() const { return closing_ || !call_ || call_->over(); }

  UpstreamPool& pool_;
  Socket socket_;                         // while it is being connected
  std::unique_ptr<Transport> transport_;  // from then on
  boost::beast::flat_buffer buffer_;
  std::unique_ptr<UpstreamCall> call_;
  Clock::time_point idle_until_;
  bool closing_ = false;
};

}  // namespace stampede::http
