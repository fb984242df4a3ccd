#include "controllers/background.h"

#include <exception>
#include <memory>
#include <utility>

#include "telemetry/log.h"

namespace stampede::controllers {
namespace {

http::Response result_of(std::move_only_function<http::Response()>& work) {
  try {
    return work();
  } catch (const std::exception& error) {
    telemetry::log_error("request failed", "error=\"{}\"", error.what());
    return unavailable();
  }
}

}  // namespace

http::Response unavailable() {
  http::Response response =
      http::problem(503, "unavailable", "The shop cannot answer at the moment. Ask again.");
  response.with("Retry-After", "1").with("Cache-Control", "no-store");
  return response;
}

void answer_from(concurrency::WorkerPool& pool, http::Responder responder,
                 std::move_only_function<http::Response()> work) {
  // Shared with the task, so that the Responder can still answer when the pool refuses the task.
  const auto shared = std::make_shared<http::Responder>(std::move(responder));
  const bool accepted = pool.submit(
      [shared, work = std::move(work)]() mutable { shared->reply_from_anywhere(result_of(work)); });
  if (!accepted) (*shared)(unavailable());
}

}  // namespace stampede::controllers
