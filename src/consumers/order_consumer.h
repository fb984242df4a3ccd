#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "concurrency/mutex.h"
#include "model/order.h"
#include "queue/order_queue.h"
#include "repositories/quarantine.h"
#include "services/orders/order_writer.h"
#include "telemetry/metrics.h"

namespace stampede::consumers {

/// Takes batches from the order queue, has them written, and tells who waits. One thread. While the
/// database is away it keeps its batch, tries again until it is written, and holds the queue
/// stalled: nothing is dropped, nothing new is taken. A batch that the database refuses is cut in
/// halves, in order, until the message is alone that is to blame; it goes into quarantine.
class OrderConsumer {
 public:
  /// Where messages go that nothing could be made of.
  struct DeadLetters {
    std::int32_t shard = 0;                          // of the source
    repositories::Quarantine* quarantine = nullptr;  // none: they are tried again for ever
  };
  struct Options {
    std::size_t batch = 2'000;  // messages in one transaction, at most
    std::chrono::milliseconds first_retry{50};
    std::chrono::milliseconds last_retry{1'000};
  };
  /// Each may be empty; all are called on the consumer's thread.
  struct Listener {
    /// Committed orders.
    std::function<void(std::span<const Order>)> settled;
    /// Leases that markers closed: their units are in the sale again.
    std::function<void(std::span<const LeaseId>)> closed;
    /// Purchases that are in quarantine now: they have become no order and will become none.
    std::function<void(std::span<const Purchase>)> quarantined;
  };

  OrderConsumer(queue::OrderSource& source, services::orders::OrderWriter writer,
                DeadLetters dead_letters, Listener listener, Options options);
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
    telemetry::Counter quarantined;
    telemetry::Histogram batch_time;  // read to commit
  };
  const Statistics& statistics() const { return statistics_; }
  /// False while the database is away.
  bool healthy() const { return healthy_.load(std::memory_order_relaxed); }

 private:
  void run();
  enum class Attempt { kWritten, kAway, kRefused };

  // Of these, false means: given up.
  bool write(std::span<const queue::Message> messages);
  bool quarantine_poison();
  template <class Step>
  bool until_done(Step&& step);

  Attempt try_write(std::span<const queue::Message> messages, services::orders::Written& written,
                    std::string& reason);
  bool try_quarantine(std::string_view body, std::string_view reason);
  void tell(const services::orders::Written& written);
  void tell_quarantined(const queue::Message& message);

  queue::OrderSource* source_;
  services::orders::OrderWriter writer_;
  const DeadLetters dead_letters_;
  const Listener listener_;
  const Options options_;
  Statistics statistics_;
  std::atomic<bool> healthy_{true};
  std::vector<queue::Message> batch_;  // the thread's own

  concurrency::Mutex mutex_;
  concurrency::Condition changed_;
  bool given_up_ STAMPEDE_GUARDED_BY(mutex_) = false;
  bool finished_ STAMPEDE_GUARDED_BY(mutex_) = false;
  std::jthread thread_;
};

}  // namespace stampede::consumers
