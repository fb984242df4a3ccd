#pragma once

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "concurrency/mutex.h"
#include "consumers/batch_writer.h"
#include "queue/order_queue.h"
#include "services/orders/order_writer.h"

namespace stampede::consumers {

/// Takes batches from the order queue and has a BatchWriter bring them into the database. One
/// thread. While the database is away it keeps its batch, tries again until it is written, and
/// holds the queue stalled: nothing is dropped, nothing new is taken.
class OrderConsumer {
 public:
  using DeadLetters = BatchWriter::DeadLetters;
  using Listener = BatchWriter::Listener;  // called on the consumer's thread
  using Statistics = BatchWriter::Statistics;
  struct Options {
    std::size_t batch = 2'000;  // messages in one transaction, at most
    std::chrono::milliseconds first_retry{50};
    std::chrono::milliseconds last_retry{1'000};
  };

  OrderConsumer(queue::OrderSource& source, services::orders::OrderWriter writer,
                DeadLetters dead_letters, Listener listener, Options options);
  /// The source must have been shut before. Gives up what finish() has not seen written.
  ~OrderConsumer();

  /// Waits until the source is shut and everything in it is written; false if that takes longer
  /// than `patience`. Then the rest is given up: none of it was ever answered with yes.
  bool finish(std::chrono::milliseconds patience);

  const Statistics& statistics() const { return writer_.statistics(); }
  /// False while the database is away.
  bool healthy() const { return healthy_.load(std::memory_order_relaxed); }

 private:
  void run();
  bool write_batch();  // false: given up

  queue::OrderSource* source_;
  const Options options_;
  std::atomic<bool> healthy_{true};
  BatchWriter writer_;                 // the thread's own, but for its statistics
  std::vector<queue::Message> batch_;  // the thread's own

  concurrency::Mutex mutex_;
  concurrency::Condition changed_;
  bool given_up_ STAMPEDE_GUARDED_BY(mutex_) = false;
  bool finished_ STAMPEDE_GUARDED_BY(mutex_) = false;
  std::jthread thread_;
};

}  // namespace stampede::consumers
