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
      writer_(writer, dead_letters, stalling(std::move(listener)), options.retry) {
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
  for (;;) {
    const auto step = writer_.step(read_clocks().wall);
    if (step == BatchWriter::Step::kDone) return true;
    if (step == BatchWriter::Step::kMore) continue;
    const concurrency::MutexLock lock(mutex_);
    if (changed_.wait_for(mutex_, writer_.pause(),
                          [this]() STAMPEDE_REQUIRES(mutex_) { return given_up_; })) {
      telemetry::log_error("purchases given up at shutdown", "waiting={}", batch_.size());
      return false;
    }
  }
}

}  // namespace stampede::consumers
