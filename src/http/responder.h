#pragma once

#include <utility>

#include "http/body_stream.h"
#include "http/message.h"
#include "http/post.h"

namespace stampede::http {

/// The other end of a Responder; the session implements it.
class Exchange {
 public:
  virtual void answer(Response&& response) = 0;  // on the session's own thread
  /// Likewise; `head` has no body, it comes by `body`. Who cannot send such answers with the head.
  virtual void stream(Response&& head, BodySource /*body*/) { answer(std::move(head)); }
  virtual const Post& post() const = 0;
  /// No answer will come: the thread is gone, and the task that carried it was destroyed unrun.
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
  /// From any thread: answers with `head` and with a body that comes by and by, in chunks, through
  /// what is returned. HTTP/1.0 gets it without chunks, HEAD the head alone. There is no deadline
  /// while it is quiet, and the connection closes after it.
  BodyStream stream_from_anywhere(Response&& head, AtDrain at_drain = AtDrain::kEnd);

  /// The session's thread, as a place to post to. Sessions of one thread have the same one.
  const Post& post() const { return exchange_->post(); }

 private:
  Exchange* exchange_;
};

}  // namespace stampede::http
