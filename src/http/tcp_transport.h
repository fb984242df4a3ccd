#pragma once

#include "http/transport.h"

namespace stampede::http {

/// A TCP connection as it is. A read or a write is one system call. The callbacks of the server's
/// session are small enough to be kept without an allocation; larger ones, as Beast's, take one.
class TcpTransport final : public Transport {
 public:
  /// `socket` is connected and becomes non-blocking, without Nagle's delay; throws
  /// boost::system::system_error if it is gone.
  explicit TcpTransport(Socket socket);

  Executor get_executor() override { return socket_.get_executor(); }
  bool encrypted() const override { return false; }
  std::size_t read_some(asio::mutable_buffer space, error_code& ec) override;
  void start_read_some(asio::mutable_buffer space, Read done) override;
  std::size_t write_some(asio::const_buffer first, asio::const_buffer second,
                         error_code& ec) override;
  void start_wait_writable(Ready done) override;
  void cancel() override;
  void end_sending(error_code& ec) override;
  void close() override;
  void reset() override;
  std::size_t unacknowledged() const override;
  bool peer_has_closed() const override;
  bool has_unread() const override;
  void limit_unacknowledged(std::chrono::milliseconds time) override;

 private:
  mutable Socket socket_;  // its native handle is not const
};

}  // namespace stampede::http
