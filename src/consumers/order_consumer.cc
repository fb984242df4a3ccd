#include "consumers/order_consumer.h"

#include <pthread.h>

#include <utility>

#include "model/time.h"
#include "telemetry/log.h"

namespace stampede::consumers {

OrderConsumer::OrderConsumer(queue::OrderSource& source, services::orders::OrderWriter writer,
                             DeadLetters dead_letters, Listener listener, Options options)
    : source_(&source),
      options_(options),
      writer_(writer, dead_letters, stalling(std::move(listener)), options.retry),
      steps_(source, writer_) {
  thread_ = std::jthread([this] { run(); });
}

/// Nothing new is taken while what was taken cannot be written.
OrderConsumer::Listener OrderConsumer::stalling(Listener listener) {
  listener.away = [this](bool away) { source_->stall(away); };
  return listener;
}

OrderConsumer::~OrderConsumer() { finish(std::chrono::milliseconds{0}); }

bool OrderConsumer::finish(std::chrono::milliseconds patience) {
  const concurrency::MutexLock lock(mutex_);
  if (changed_.wait_for(mutex_, patience, [this]() STAMPEDE_REQUIRES(mutex_) { return finished_; }))
    return true;
  given_up_ = true;
  changed_.notify_all();
  return false;
}

void OrderConsumer::run() {
  pthread_setname_np(pthread_self(), "consumer");
  for (;;) {
    const auto outcome = steps_.step(read_clocks().wall, options_.batch);
    if (outcome == ConsumerSteps::Outcome::kShut) break;
    if (outcome == ConsumerSteps::Outcome::kAway && !wait_for_database()) break;
  }
  const concurrency::MutexLock lock(mutex_);
  finished_ = true;
  changed_.notify_all();
}

bool OrderConsumer::wait_for_database() {
  const concurrency::MutexLock lock(mutex_);
  if (!changed_.wait_for(mutex_, writer_.pause(),
                         [this]() STAMPEDE_REQUIRES(mutex_) { return given_up_; })) {
    return true;
  }
  telemetry::log_error("purchases given up at shutdown", "waiting={}", steps_.messages());
  return false;
}

}  // namespace stampede::consumers
