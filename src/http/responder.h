#pragma once

#include <functional>
#include <utility>

#include "http/message.h"

namespace stampede::http {

/// Runs a task on one thread of the server, in order. Thread-safe; outlives every Responder. A task
/// that comes after the server's end is destroyed without running.
using Post = std::function<void(std::move_only_function<void()>)>;

/// The other end of a Responder; the session implements it.
class Exchange {
 public:
  virtual void answer(Response&& response) = 0;  // on the session's own thread
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

  /// The session's thread, as a place to post to. Sessions of one thread have the same one.
  const Post& post() const { return exchange_->post(); }

 private:
  Exchange* exchange_;
};

}  // namespace stampede::http
