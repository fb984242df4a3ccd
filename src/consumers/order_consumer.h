#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "model/order.h"
#include "queue/order_queue.h"
#include "services/orders/order_writer.h"
#include "telemetry/metrics.h"

namespace stampede::consumers {

/// Takes batches from the order queue, has them written, and tells who waits. One thread. While the
/// database is away it keeps its batch, tries again until it is written, and holds the queue
/// stalled: nothing is dropped, nothing new is taken.
class OrderConsumer {
 public:
  struct Options {
    std::size_t batch = 2'000;  // messages in one transaction, at most
    std::chrono::milliseconds first_retry{50};
    std::chrono::milliseconds last_retry{1'000};
  };
  struct Listener {
    /// Committed orders, on the consumer's thread.
    std::function<void(std::span<const Order>)> settled;
    /// Leases that markers closed: their units are in the sale again.
    std::function<void(std::span<const LeaseId>)> closed;
  };

  OrderConsumer(queue::OrderSource& source, services::orders::OrderWriter writer, Listener listener,
                Options options);
  /// The source must have been shut before. Gives up what finish() has not seen written.
  ~OrderConsumer();

  /// Waits until the source is shut and everything in it is written; false if that takes longer
  /// than `patience`. Then the rest is given up: none of it was ever answered with yes.
  bool finish(std::chrono::milliseconds patience);

  struct Statistics {
    telemetry::Counter batches;
    telemetry::Counter orders;
    telemetry::Counter failed_orders;
    telemetry::Counter retries;
    telemetry::Histogram batch_time;  // read to commit
  };
  const Statistics& statistics() const { return statistics_; }
  /// False while the database is away.
  bool healthy() const { return healthy_.load(std::memory_order_relaxed); }

 private:
  void run();
  /// False: given up.
  bool write_until_done();
  bool try_write(services::orders::Written& written);
  void tell(const services::orders::Written& written);

  queue::OrderSource* source_;
  services::orders::OrderWriter writer_;
  const Listener listener_;
  const Options options_;
  Statistics statistics_;
  std::atomic<bool> healthy_{true};
  std::vector<queue::Message> batch_;  // the thread's own

  std::mutex mutex_;
  std::condition_variable changed_;
  bool given_up_ = false;  // guarded by mutex_
  bool finished_ = false;  // guarded by mutex_
  std::jthread thread_;
};

}  // namespace stampede::consumers
