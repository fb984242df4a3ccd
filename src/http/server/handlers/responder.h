#pragma once

#include <utility>

#include "http/message.h"
#include "http/server/handlers/body_stream.h"
#include "http/server/handlers/post.h"

namespace stampede::http {

/// Where a Responder delivers its answer. The session implements it.
class Exchange {
 public:
  virtual void answer(Response&& response) = 0;  // on the session's own thread
  /// Answers with `head`, then streams `body`; an implementation that cannot stream drops the body.
  virtual void stream(Response&& head, BodySource /*body*/) { answer(std::move(head)); }
  virtual const Post& post() const = 0;
  /// No answer will come: its thread has ended, and the task with the answer was destroyed unrun.
  virtual void abandon() noexcept {}

 protected:
  ~Exchange() = default;
};

/// The right to answer one request, once. Move-only, one pointer wide (it fits the small buffer of
/// std::move_only_function). Destroyed unused, it answers 500, so that no request hangs.
///
/// A handler runs on its session's thread and answers there, at once or later. Work for other
/// threads takes the Responder along and comes back by `reply_from_anywhere`.
class Responder {
 public:
  explicit Responder(Exchange& exchange) noexcept : exchange_(&exchange) {}
  Responder(Responder&& other) noexcept : exchange_(std::exchange(other.exchange_, nullptr)) {}
  Responder& operator=(Responder&& other) noexcept;
  Responder(const Responder&) = delete;
  Responder& operator=(const Responder&) = delete;
  ~Responder();
  void swap(Responder& other) noexcept { std::swap(exchange_, other.exchange_); }

  /// On the session's thread only.
  void operator()(Response&& response) {
    std::exchange(exchange_, nullptr)->answer(std::move(response));
  }
  /// From any thread.
  void reply_from_anywhere(Response&& response);
  /// From any thread: answers with `head` and with a body that the caller writes, chunk by chunk,
  /// through the returned stream. HTTP/1.0 gets the body without chunks, HEAD the head alone. There
  /// is no deadline while nothing is written, and the connection closes after the body.
  BodyStream stream_from_anywhere(Response&& head, AtDrain at_drain = AtDrain::kEnd);

  /// Posts tasks to the session's thread. All sessions of one thread share one Post object.
  const Post& post() const { return exchange_->post(); }

 private:
  Exchange* exchange_;
};

}  // namespace stampede::http
