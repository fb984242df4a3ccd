#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <utility>

#include "http/asio_types.h"
#include "http/transport_layer.h"

namespace stampede::http {

/// The bytes of one connection, in both directions. Everything that a connection of the server or
/// of the client does with its socket is one of these operations. TcpTransport is the plain one;
/// tls::TlsTransport is a second one, over a TcpTransport (TransportLayer), and makes its handshake
/// within the first operations: so it counts towards the deadlines that those have anyway.
///
/// For one thread, the one that runs the io_context. No callback runs inside of the call that it
/// was given to; each runs once, with asio::error::operation_aborted after cancel() or close(). At
/// most one read and one wait_writable() may be pending, and the transport must live until their
/// callbacks have run.
class Transport {
 public:
  using Ready = std::move_only_function<void(error_code)>;
  using Read = std::move_only_function<void(error_code, std::size_t)>;
  using executor_type = Executor;

  Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  virtual ~Transport() = default;

  virtual Executor get_executor() = 0;
  /// The buyer's bytes cannot be read on their way: Request::secure.
  virtual bool encrypted() const = 0;

  /// Some bytes that are here already: their number, at least 1, or would_block, or
  /// asio::error::eof once the peer has ended its side. `space` is not empty.
  virtual std::size_t read_some(asio::mutable_buffer space, error_code& ec) = 0;
  /// The same as soon as there are some. `space` must live until `done` has run. If some are here
  /// already, `done` runs before whatever is posted after this call: so the server's session tells
  /// them from bytes that come later.
  virtual void start_read_some(asio::mutable_buffer space, Read done) = 0;
  /// Takes some bytes of `first`, then of `second`, which may be empty: their number, or
  /// would_block if it can take none. What is taken is sent without a further call.
  virtual std::size_t write_some(asio::const_buffer first, asio::const_buffer second,
                                 error_code& ec) = 0;
  /// After would_block: until write_some() may take more.
  virtual void start_wait_writable(Ready done) = 0;

  /// Ends what is pending; the connection stays. What has already ended is not undone.
  virtual void cancel() = 0;
  /// The peer is told that no more will come; it may go on to send.
  virtual void end_sending(error_code& ec) = 0;
  /// Ends what is pending and the connection. All later operations fail.
  virtual void close() = 0;
  /// The same, and throws away what the peer's host has not acknowledged: after close() the kernel
  /// keeps that, and goes on to send it, for minutes.
  virtual void reset() = 0;

  /// Bytes that write_some() has taken and the peer's host has not acknowledged; 0 if unknown.
  virtual std::size_t unacknowledged() const = 0;
  /// The peer has ended its side or the connection is broken, though bytes from before may be
  /// unread. A system call.
  virtual bool peer_has_closed() const = 0;
  /// Bytes of the peer are here that have not been read. A system call.
  virtual bool has_unread() const = 0;
  /// The connection breaks if the peer's host acknowledges nothing for so long. Best effort: where
  /// the system refuses, a dead peer is noticed later.
  virtual void limit_unacknowledged(std::chrono::milliseconds time) = 0;

  // For coroutines, and for Beast, to which this is an AsyncReadStream:
  template <class Buffers, class Token>
  auto async_read_some(const Buffers& space, Token&& token) {
    return asio::async_initiate<Token, void(error_code, std::size_t)>(
        [this](auto&& handler, asio::mutable_buffer first) {
          start_read_some(first, std::forward<decltype(handler)>(handler));
        },
        token, asio::mutable_buffer(*asio::buffer_sequence_begin(space)));
  }
  template <class Token>
  auto async_wait_writable(Token&& token) {
    return asio::async_initiate<Token, void(error_code)>(
        [this](auto&& handler) { start_wait_writable(std::forward<decltype(handler)>(handler)); },
        token);
  }
};

}  // namespace stampede::http
