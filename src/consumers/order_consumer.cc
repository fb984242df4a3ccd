#include "consumers/order_consumer.h"

#include <pthread.h>

#include "repositories/storage_error.h"
#include "telemetry/log.h"

namespace stampede::consumers {

using repositories::StorageError;

OrderConsumer::OrderConsumer(queue::OrderSource& source, services::orders::OrderWriter writer,
                             Listener listener, Options options)
    : source_(&source), writer_(writer), listener_(std::move(listener)), options_(options) {
  thread_ = std::jthread([this] { run(); });
}

OrderConsumer::~OrderConsumer() { finish(std::chrono::milliseconds{0}); }

bool OrderConsumer::finish(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  if (changed_.wait_for(lock, patience, [this] { return finished_; })) return true;
  given_up_ = true;
  changed_.notify_all();
  return false;
}

void OrderConsumer::run() {
  pthread_setname_np(pthread_self(), "consumer");
  while (source_->receive(batch_, options_.batch)) {
    if (!write_until_done()) break;
    source_->acknowledge();
  }
  const std::lock_guard lock(mutex_);
  finished_ = true;
  changed_.notify_all();
}

bool OrderConsumer::write_until_done() {
  services::orders::Written written;
  auto pause = options_.first_retry;
  while (!try_write(written)) {
    statistics_.retries.add();
    healthy_ = false;
    source_->stall(true);
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, pause, [this] { return given_up_; })) {
      telemetry::log_error("purchases given up at shutdown", "waiting={}", batch_.size());
      return false;
    }
    pause = std::min(pause * 2, options_.last_retry);
  }
  if (!healthy_.exchange(true)) {
    source_->stall(false);
    telemetry::log_info("orders are written again");
  }
  tell(written);
  return true;
}

bool OrderConsumer::try_write(services::orders::Written& written) {
  const auto began = std::chrono::steady_clock::now();
  try {
    written = writer_.write(batch_);
  } catch (const StorageError& error) {
    telemetry::log_error("orders not written", "reason=\"{}\" waiting={}", error.what(),
                         batch_.size());
    return false;
  }
  const auto took = std::chrono::steady_clock::now() - began;
  statistics_.batch_time.observe(static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(took).count()));
  return true;
}

void OrderConsumer::tell(const services::orders::Written& written) {
  statistics_.batches.add();
  std::uint64_t failed = 0;
  for (const Order& order : written.orders) {
    if (order.live()) continue;
    ++failed;
    if (order.reason == FailureReason::kNoUnit) {
      telemetry::log_error("an order without a unit: the ledger does not match the stock",
                           "order={} sale={} lease={}", order.number.value, order.sale.value,
                           order.lease.value);
    }
  }
  statistics_.failed_orders.add(failed);
  statistics_.orders.add(written.orders.size() - failed);
  if (!written.orders.empty()) listener_.settled(written.orders);
  if (!written.closed.empty()) listener_.closed(written.closed);
}

}  // namespace stampede::consumers
