#include "controllers/background.h"

#include <exception>
#include <memory>
#include <optional>
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

/// Work that waits; it answers 503 if it is destroyed before its turn comes.
class Waiting {
 public:
  Waiting(http::Responder responder, std::move_only_function<http::Response()> work)
      : responder_(std::move(responder)), work_(std::move(work)) {}
  ~Waiting() {
    if (responder_) responder_->reply_from_anywhere(unavailable());
  }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

  void answer() {
    http::Response response = result_of(work_);
    responder_->reply_from_anywhere(std::move(response));
    responder_.reset();
  }

 private:
  std::optional<http::Responder> responder_;
  std::move_only_function<http::Response()> work_;
};

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

void answer_from(concurrency::FairPool& pool, concurrency::SlowRefusals& refusals,
                 concurrency::FairQueue::Path path, http::Responder responder,
                 std::move_only_function<http::Response()> work) {
  concurrency::FairPool::Task task =
      [waiting = std::make_unique<Waiting>(std::move(responder), std::move(work))] {
        waiting->answer();
      };
  auto pushed = pool.submit(path, std::move(task));
  auto dropped = pushed.result == concurrency::FairQueue::Result::kQueued
                     ? std::move(pushed.displaced)
                     : std::move(task);
  // It answers when it is destroyed.
  if (dropped) refusals.add([dropped = std::move(dropped)] {});
}

}  // namespace stampede::controllers
