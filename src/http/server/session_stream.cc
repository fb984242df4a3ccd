// Streamed answers: the body is written while it is being sent. A streamed answer is the last one
// of its connection, so whatever the peer sends meanwhile is discarded; it is read only to notice
// that the peer has closed the connection.

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>

#include "http/server/loop.h"
#include "http/server/session.h"

namespace stampede::http {
namespace {

/// Bytes that a peer may send during a streamed answer. A well-behaved peer sends none.
constexpr std::size_t kMostUnasked = 64UL * 1024;
/// A peer that acknowledges no byte for this long counts as gone: its line is dead.
constexpr unsigned kUnacknowledgedMs = 30'000;

}  // namespace

void Session::stream(Response&& head, BodySource body) {
  if (!orphaned_) {
    body_.emplace(std::move(body));
  }
  answer(std::move(head));
}

/// Writes the head, and the body until its end.
Awaitable<void> Session::stream_body() {
  const bool chunked = !reader_.http_1_0();
  const bool head_only = reader_.request().method == Method::kHead;
  writer_.write(std::exchange(response_, {}), {.head_only = true,
                                               .close = true,
                                               .body = chunked ? ResponseWriter::Body::kChunked
                                                               : ResponseWriter::Body::kUntilClose,
                                               .date = loop_.date_line()});
  bool whole = true;
  if (!head_only) {
    ::setsockopt(socket_->native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT, &kUnacknowledgedMs,
                 sizeof(kUnacknowledgedMs));  // refused: such a peer is noticed later
    if (loop_.draining()) {
      body_->drain();
    }
    watch_peer();
    whole = co_await write_body(chunked);
    body_over_ = true;
    error_code ec;
    socket_->cancel(ec);
    while (watching_peer_) {
      co_await resumed();
    }
  }
  body_.reset();
  if (whole && !aborted_ && (!write_now() || co_await write_rest())) {
    co_await linger();
  }
}

/// Waits for wake().
Awaitable<void> Session::resumed() {
  return asio::async_initiate<const asio::use_awaitable_t<Executor>&, void()>(
      [this](auto&& handler) { resume_ = std::forward<decltype(handler)>(handler); }, kAwait);
}

Awaitable<bool> Session::write_body(bool chunked) {
  body_->watch([this] {
    body_changed_ = true;
    if (body_->state() == BodySource::State::kCut) {
      error_code ec;
      socket_->cancel(ec);  // there is nothing more to wait for
    }
    wake();
  });
  body_changed_ = true;
  for (;;) {
    while (!body_changed_ && !body_over_ && !aborted_) {
      co_await resumed();
    }
    body_changed_ = false;
    const BodySource::Part part = body_->take();
    if (body_over_ || aborted_ || part.state == BodySource::State::kCut) {
      co_return false;
    }
    if (!part.bytes.empty()) {
      chunked ? writer_.write_chunk(part.bytes) : writer_.write_raw(part.bytes);
    }
    const bool ended = part.state == BodySource::State::kEnded;
    if (ended && chunked) {
      writer_.write_last_chunk();
    }
    if (write_now() && !co_await write_rest()) {
      co_return false;
    }
    body_->sent();
    if (ended) {
      co_return true;
    }
  }
}

/// Notices that the peer closes the connection while nothing is being sent. The session must not be
/// destroyed while the wait is pending, because its callback uses the session.
void Session::watch_peer() {
  watching_peer_ = true;
  socket_->async_wait(Socket::wait_read, [this](const error_code& ec) {
    watching_peer_ = false;
    if (!ec && !body_over_ && peer_is_there()) {
      return watch_peer();
    }
    body_over_ = true;
    error_code ignored;
    socket_->cancel(ignored);  // it will not take what still waits to be written
    wake();
  });
}

bool Session::peer_is_there() {
  std::array<char, 4096> unasked;
  error_code ec;
  while (!ec) {
    unasked_bytes_ += socket_->read_some(asio::buffer(unasked), ec);
  }
  return ec == asio::error::would_block && unasked_bytes_ <= kMostUnasked;
}

}  // namespace stampede::http
