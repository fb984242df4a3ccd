// Streamed answers: the body is written while it is being sent. A streamed answer is the last one
// of its connection, so whatever the peer sends meanwhile is discarded; it is read only to notice
// that the peer has closed the connection.

#include <exception>

#include "http/server/loop.h"
#include "http/server/session.h"

namespace stampede::http {
namespace {

/// Bytes that a peer may send during a streamed answer. A well-behaved peer sends none.
constexpr std::size_t kMostUnasked = 64UL * 1024;
/// A peer that acknowledges no byte for this long counts as gone: its line is dead.
constexpr std::chrono::seconds kUnacknowledged{30};

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
                                               .common = loop_.common_headers()});
  bool whole = true;
  if (!head_only) {
    transport_->limit_unacknowledged(kUnacknowledged);
    if (loop_.draining()) {
      body_->drain();
    }
    watch_peer();
    std::exception_ptr failure;
    try {
      whole = co_await write_body(chunked);
    } catch (...) {
      failure = std::current_exception();
    }
    body_over_ = true;
    transport_->cancel();
    while (watching_peer_) {
      co_await resumed();
    }
    if (failure) {
      std::rethrow_exception(failure);
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
      transport_->cancel();  // there is nothing more to wait for
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

/// Notices that the peer closes the connection while nothing is being sent. The callback uses the
/// session, so stream_body() does not end while the read is pending, also not by an exception.
void Session::watch_peer() {
  watching_peer_ = true;
  const auto space = reader_.space();  // of no other use any more: what comes is discarded
  transport_->async_read_some(
      asio::mutable_buffer(space.data(), space.size()),
      [this](const error_code& ec, std::size_t size) {
        watching_peer_ = false;
        unasked_bytes_ += size;
        // A deadline of what is being written ends the read too, and not the stream.
        const bool peer_is_there = !ec || (ec == asio::error::operation_aborted && !aborted_);
        if (peer_is_there && !body_over_ && unasked_bytes_ <= kMostUnasked) {
          return watch_peer();
        }
        body_over_ = true;
        transport_->cancel();  // it will not take what still waits to be written
        wake();
      });
}

}  // namespace stampede::http
