#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "concurrency/mutex.h"
#include "queue/backoff.h"
#include "queue/order_queue.h"
#include "queue/outbox.h"
#include "queue/rabbitmq/connection.h"
#include "queue/rabbitmq/options.h"
#include "queue/rabbitmq/wake.h"
#include "queue/shard_queues.h"
#include "telemetry/metrics.h"

namespace stampede::queue::rabbitmq {

/// Publishes purchases to the shards' queues. One thread with one connection, which reconnects for
/// ever; what it may say of a purchase is decided by the Outbox. publish() only puts down and
/// refuses at once while the broker is away, blocked or full. A second thread tries the shards
/// whose queues cannot be used.
class RabbitQueue final : public OrderQueue {
 public:
  /// Refuses purchases, and keeps markers, until it is started.
  explicit RabbitQueue(Options options);
  RabbitQueue(Options options, Resolutions resolutions) : RabbitQueue(std::move(options)) {
    start(std::move(resolutions));
  }
  /// Gives up what finish() has not seen confirmed.
  ~RabbitQueue() override { stop(); }

  /// To be called once. Returns at once and connects on a thread of its own: see check_broker() for
  /// what must hold. `resolutions` are called on the publishing thread, and may publish.
  void start(Resolutions resolutions);

  [[nodiscard]] Published publish(const Purchase& purchase) override;
  void publish(const CloseMarker& marker) override;

  /// Refuses purchases from now on and waits until everything is resolved and told; false if that
  /// takes longer than `patience`.
  bool finish(std::chrono::milliseconds patience);
  /// Ends the threads: nothing is told any more, and what is unresolved is given up. Where the
  /// broker hangs, it waits for one connect timeout at most.
  void stop();

  /// True while a connection stands and takes purchases of any shard.
  bool connected() const;
  /// False while the queue of the lease's shard is there with other arguments than a sale needs:
  /// its purchases are refused, those of the other shards are not.
  bool usable(LeaseId lease) const;
  std::size_t unusable_shards() const;
  /// Leases with a purchase unresolved since before that tick, ascending: not to be renewed.
  std::vector<LeaseId> stuck_leases(Tick before) const;
  /// Purchases and markers of which the broker's word is not known.
  std::size_t unresolved() const;

  struct Statistics {
    telemetry::Counter messages;   // published, repeated ones too
    telemetry::Counter purchases;  // in them
    telemetry::Counter nacks;
    telemetry::Counter returns;
    telemetry::Counter connections;     // opened; all but the first are reconnects
    telemetry::Histogram confirm_time;  // publish to confirm
  };
  const Statistics& statistics() const { return statistics_; }

 private:
  void run(const std::stop_token& stop);
  void serve_connection(Connection& connection);
  void send_all(Connection& connection);
  void handle(Acked acked);
  void handle(Nacked nacked);
  void handle(const Returned& returned);
  void handle(const Blocked& blocked);
  void handle(Unblocked);
  void handle(const Delivered&) {}  // it consumes nothing
  void declare_queues(Connection& connection);
  void note_refused(std::int32_t shard);
  void note_declared(std::int32_t shard);
  void restore_queues(Connection& connection, Tick now);
  void try_unusable_shards(const std::stop_token& stop);
  std::vector<std::int32_t> wait_for_shards_to_try();
  void try_shard(std::int32_t shard, const std::stop_token& stop);
  void check_confirms(const Connection& connection, Tick now) const;
  std::chrono::milliseconds time_to_wait(Tick now) const;
  void lose_connection();
  void tell();

  const Options options_;
  const std::vector<std::string> queues_;  // by shard
  Resolutions resolutions_;                // set before the thread begins
  Statistics statistics_;
  Wake wake_;
  std::atomic<bool> stopping_{false};

  mutable concurrency::Mutex mutex_;
  concurrency::Condition told_;
  Outbox outbox_ STAMPEDE_GUARDED_BY(mutex_);
  ShardQueues shards_ STAMPEDE_GUARDED_BY(mutex_);
  bool asleep_ STAMPEDE_GUARDED_BY(mutex_) = false;  // the thread wants to be woken
  bool telling_ STAMPEDE_GUARDED_BY(mutex_) = false;
  bool closing_ STAMPEDE_GUARDED_BY(mutex_) = false;
  concurrency::Condition try_now_;                  // a shard became unusable, or stopping_
  std::string broker_ STAMPEDE_GUARDED_BY(mutex_);  // of the connection; empty: none

  // The publisher's own.
  Dialer dialer_;
  Backoff backoff_{std::random_device{}()};
  Generation generation_ = 0;
  std::string last_problem_;
  std::jthread publisher_;
  std::jthread trier_;  // of unusable shards
};

}  // namespace stampede::queue::rabbitmq
