#include "http/responder.h"

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
    // Perhaps on another thread, where a pool threw its waiting work away.
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

}  // namespace stampede::http
