#include "consumers/order_consumer.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

#include "model/time.h"
#include "telemetry/log.h"

namespace stampede::consumers {

OrderConsumer::OrderConsumer(queue::OrderSource& source, services::orders::OrderWriter writer,
                             DeadLetters dead_letters, Listener listener, Options options)
    : source_(&source), options_(options), writer_(writer, dead_letters, std::move(listener)) {
  thread_ = std::jthread([this] { run(); });
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
  while (source_->receive(batch_, options_.batch)) {
    if (!write_batch()) break;
    source_->acknowledge();
  }
  const concurrency::MutexLock lock(mutex_);
  finished_ = true;
  changed_.notify_all();
}

bool OrderConsumer::write_batch() {
  writer_.take(batch_, source_->unreadable());
  auto pause = options_.first_retry;
  for (;;) {
    const auto step = writer_.step(read_clocks().wall);
    if (step == BatchWriter::Step::kAway) {
      healthy_ = false;
      source_->stall(true);
      const concurrency::MutexLock lock(mutex_);
      if (changed_.wait_for(mutex_, pause,
                            [this]() STAMPEDE_REQUIRES(mutex_) { return given_up_; })) {
        telemetry::log_error("purchases given up at shutdown", "waiting={}", batch_.size());
        return false;
      }
      pause = std::min(pause * 2, options_.last_retry);
      continue;
    }
    pause = options_.first_retry;
    if (!healthy_.exchange(true)) {
      source_->stall(false);
      telemetry::log_info("orders are written again");
    }
    if (step == BatchWriter::Step::kDone) return true;
  }
}

}  // namespace stampede::consumers
