#pragma once

#include <chrono>
#include <thread>

#include "concurrency/mutex.h"
#include "consumers/batch_writer.h"
#include "consumers/consumer_steps.h"
#include "queue/order_queue.h"
#include "services/orders/order_writer.h"

namespace stampede::consumers {

/// The thread that runs ConsumerSteps. While the database is away it keeps its batch, tries again
/// until it is written, and holds the queue stalled: nothing is dropped, nothing new is taken.
class OrderConsumer {
 public:
  using DeadLetters = BatchWriter::DeadLetters;
  using Listener = BatchWriter::Listener;  // called on the consumer's thread; `away` is its own
  using Statistics = BatchWriter::Statistics;
  struct Options {
    std::size_t batch = 2'000;  // messages in one transaction, at most
    BatchWriter::Retry retry = {};
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
  bool healthy() const { return writer_.healthy(); }

 private:
  Listener stalling(Listener listener);
  void run();
  bool wait_for_database();  // false: given up

  queue::OrderSource* source_;
  const Options options_;
  BatchWriter writer_;   // the thread's own, but for its statistics and health
  ConsumerSteps steps_;  // the thread's own

  concurrency::Mutex mutex_;
  concurrency::Condition changed_;
  bool given_up_ STAMPEDE_GUARDED_BY(mutex_) = false;
  bool finished_ STAMPEDE_GUARDED_BY(mutex_) = false;
  std::jthread thread_;
};

}  // namespace stampede::consumers
