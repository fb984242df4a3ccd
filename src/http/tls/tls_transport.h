#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "http/transport.h"

struct bio_method_st;
struct ssl_ctx_st;
struct ssl_st;

namespace stampede::http::tls {

/// What TlsTransports count; thread-safe.
struct HandshakeCounters {
  std::atomic<std::uint64_t> full{0};
  std::atomic<std::uint64_t> resumed{0};
  std::atomic<std::uint64_t> failed{0};
};

/// The server's side of a TLS connection over another transport. The handshake is made by the first
/// read, so the deadline for a first request covers it, and nothing can be written before.
///
/// A peer that speaks HTTP instead is told so in plain HTTP (400) and then reads the end.
class TlsTransport final : public Transport {
 public:
  /// `context` may go earlier, `counters` not. Throws std::bad_alloc if OpenSSL has no memory.
  TlsTransport(std::unique_ptr<Transport> below, ssl_ctx_st& context, HandshakeCounters& counters);
  ~TlsTransport() override;

  Executor get_executor() override { return below_->get_executor(); }
  bool encrypted() const override { return true; }
  std::size_t read_some(asio::mutable_buffer space, error_code& ec) override;
  void start_read_some(asio::mutable_buffer space, Read done) override;
  /// A record takes 16 KiB at most, and goes out whole: after would_block the bytes of the call are
  /// to be given again, or no more.
  std::size_t write_some(asio::const_buffer first, asio::const_buffer second,
                         error_code& ec) override;
  void start_wait_writable(Ready done) override { below_->start_wait_writable(std::move(done)); }
  void cancel() override;
  /// close_notify (RFC 8446, 6.1), and the end of the transport below.
  void end_sending(error_code& ec) override;
  void close() override { below_->close(); }
  void reset() override { below_->reset(); }
  std::size_t unacknowledged() const override;
  bool peer_has_closed() const override;
  bool has_unread() const override { return begin_ < end_ || below_->has_unread(); }
  void limit_unacknowledged(std::chrono::milliseconds time) override {
    below_->limit_unacknowledged(time);
  }

 private:
  /// The bytes below, as OpenSSL reads and writes them.
  struct Bytes;
  friend struct Bytes;

  std::size_t decrypt(asio::mutable_buffer space, error_code& ec);
  std::size_t encrypt(asio::const_buffer bytes, error_code& ec);
  error_code failure(int result);
  void note_handshake();
  void answer_plain_http();
  void read_on();
  void received(error_code ec, std::size_t size);
  void writable(error_code ec);
  void go_on_reading();
  void finish(error_code ec, std::size_t size);

  const std::unique_ptr<Transport> below_;
  HandshakeCounters& counters_;
  ssl_st* const ssl_;
  error_code below_error_;       // of the last read or write below, unless it would have blocked
  std::size_t pulled_ = 0;       // bytes that OpenSSL has read below, of the call under way
  std::size_t record_sent_ = 0;  // bytes below of a record that write_some() has not taken yet
  bool established_ = false;
  bool failed_ = false;       // OpenSSL makes nothing more of this connection
  bool is_plain_ = false;     // the peer speaks HTTP, and has been told
  bool read_writes_ = false;  // the handshake waits until it may write
  bool ending_ = false;       // close_notify waits likewise
  bool cancelled_ = false;    // since the last read began

  Read done_;  // of the read that is pending
  asio::mutable_buffer space_;
  std::size_t thrown_away_ = 0;  // of a peer that speaks HTTP

  // Read from below and not yet by OpenSSL: [begin_, end_). What is longer OpenSSL reads itself.
  std::array<unsigned char, 1024> ahead_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace stampede::http::tls
