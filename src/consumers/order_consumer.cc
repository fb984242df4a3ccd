#include "consumers/order_consumer.h"

#include <pthread.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "model/time.h"
#include "queue/codec.h"
#include "repositories/storage_error.h"
#include "telemetry/log.h"

namespace stampede::consumers {

using repositories::StorageError;

OrderConsumer::OrderConsumer(queue::OrderSource& source, services::orders::OrderWriter writer,
                             DeadLetters dead_letters, Listener listener, Options options)
    : source_(&source),
      writer_(writer),
      dead_letters_(dead_letters),
      listener_(std::move(listener)),
      options_(options) {
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
    if (!quarantine_poison() || !write(batch_)) break;
    source_->acknowledge();
  }
  const concurrency::MutexLock lock(mutex_);
  finished_ = true;
  changed_.notify_all();
}

/// Repeats `step` until it answers true; while it does not, the database is away.
template <class Step>
bool OrderConsumer::until_done(Step&& step) {
  auto pause = options_.first_retry;
  while (!step()) {
    statistics_.retries.add();
    healthy_ = false;
    source_->stall(true);
    const concurrency::MutexLock lock(mutex_);
    if (changed_.wait_for(mutex_, pause,
                          [this]() STAMPEDE_REQUIRES(mutex_) { return given_up_; })) {
      telemetry::log_error("purchases given up at shutdown", "waiting={}", batch_.size());
      return false;
    }
    pause = std::min(pause * 2, options_.last_retry);
  }
  if (!healthy_.exchange(true)) {
    source_->stall(false);
    telemetry::log_info("orders are written again");
  }
  return true;
}

bool OrderConsumer::write(std::span<const queue::Message> messages) {
  if (messages.empty()) return true;
  services::orders::Written written;
  auto attempt = Attempt::kAway;
  const bool done = until_done([&] {
    std::string reason;
    attempt = try_write(messages, written, reason);
    if (attempt == Attempt::kRefused && messages.size() == 1) {
      return try_quarantine(queue::encode(messages), reason);
    }
    return attempt != Attempt::kAway;
  });
  if (!done) return false;
  if (attempt == Attempt::kWritten) tell(written);
  if (attempt == Attempt::kRefused && messages.size() == 1) tell_quarantined(messages.front());
  if (attempt == Attempt::kWritten || messages.size() == 1) return true;
  const std::size_t half = messages.size() / 2;
  return write(messages.first(half)) && write(messages.subspan(half));
}

bool OrderConsumer::quarantine_poison() {
  for (const queue::Poison& poison : source_->poison()) {
    if (!until_done([&] { return try_quarantine(poison.body, poison.reason); })) return false;
  }
  return true;
}

OrderConsumer::Attempt OrderConsumer::try_write(std::span<const queue::Message> messages,
                                                services::orders::Written& written,
                                                std::string& reason) {
  const auto began = std::chrono::steady_clock::now();
  auto failed = Attempt::kAway;
  try {
    written = writer_.write(messages);
    const auto took = std::chrono::steady_clock::now() - began;
    statistics_.batch_time.observe(static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(took).count()));
    return Attempt::kWritten;
  } catch (const StorageError& error) {
    if (error.kind() == StorageError::Kind::kRefused) failed = Attempt::kRefused;
    reason = error.what();
  } catch (const std::logic_error& error) {  // a rule that cannot be kept for this message
    failed = Attempt::kRefused;
    reason = error.what();
  } catch (const std::exception& error) {
    reason = error.what();
  }
  telemetry::log_error("orders not written", "reason=\"{}\" waiting={}", reason, messages.size());
  return failed;
}

/// Whatever stands in the way of that is taken for the database being away.
bool OrderConsumer::try_quarantine(std::string_view body, std::string_view reason) {
  if (dead_letters_.quarantine == nullptr) return false;
  try {
    dead_letters_.quarantine->put(dead_letters_.shard, body, reason, read_clocks().wall);
  } catch (const StorageError& error) {
    telemetry::log_error("a message could not be put into quarantine", "reason=\"{}\"",
                         error.what());
    return false;
  }
  statistics_.quarantined.add();
  telemetry::log_error("a message is in quarantine", "shard={} reason=\"{}\"", dead_letters_.shard,
                       reason);
  return true;
}

/// Somebody may wait for it.
void OrderConsumer::tell_quarantined(const queue::Message& message) {
  const auto* purchase = std::get_if<Purchase>(&message);
  if (purchase != nullptr && listener_.quarantined) listener_.quarantined({purchase, 1});
}

void OrderConsumer::tell(const services::orders::Written& written) {
  statistics_.batches.add();
  std::uint64_t failed = 0;
  for (const Order& order : written.orders) {
    if (order.active()) continue;
    ++failed;
    if (order.reason == FailureReason::kNoUnit) {
      telemetry::log_error("an order without a unit: the lease does not cover it",
                           "order={} sale={} lease={}", order.number.value, order.sale.value,
                           order.lease.value);
    }
  }
  statistics_.failed_orders.add(failed);
  statistics_.orders.add(written.orders.size() - failed);
  if (!written.orders.empty() && listener_.settled) listener_.settled(written.orders);
  if (!written.closed.empty() && listener_.closed) listener_.closed(written.closed);
}

}  // namespace stampede::consumers
