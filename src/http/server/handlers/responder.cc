#include "http/server/handlers/responder.h"

#include <memory>

namespace stampede::http {
namespace {

struct Abandon {
  void operator()(Exchange* exchange) const noexcept { exchange->abandon(); }
};

}  // namespace

Responder& Responder::operator=(Responder&& other) noexcept {
  Responder(std::move(other)).swap(*this);
  return *this;
}

Responder::~Responder() {
  if (exchange_ != nullptr) {
    // This may run on another thread: a worker pool that stops destroys the tasks in its queue.
    reply_from_anywhere(
        problem(500, "internal-error", "The request was given up inside the server."));
  }
}

void Responder::reply_from_anywhere(Response&& response) {
  std::unique_ptr<Exchange, Abandon> exchange(std::exchange(exchange_, nullptr));
  const Post& post = exchange->post();
  post([exchange = std::move(exchange), response = std::move(response)]() mutable {
    exchange.release()->answer(std::move(response));
  });
}

BodyStream Responder::stream_from_anywhere(Response&& head, AtDrain at_drain) {
  std::unique_ptr<Exchange, Abandon> exchange(std::exchange(exchange_, nullptr));
  const Post& post = exchange->post();
  auto [stream, source] = make_body_stream(post, at_drain);
  post(
      [exchange = std::move(exchange), head = std::move(head), body = std::move(source)]() mutable {
        exchange.release()->stream(std::move(head), std::move(body));
      });
  return std::move(stream);
}

}  // namespace stampede::http
