#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "concurrency/mutex.h"
#include "queue/backoff.h"
#include "queue/inbox.h"
#include "queue/order_queue.h"
#include "queue/rabbitmq/connection.h"
#include "queue/rabbitmq/options.h"
#include "queue/rabbitmq/wake.h"
#include "telemetry/metrics.h"

namespace stampede::queue::rabbitmq {

/// Consumes one shard's queue. A thread of its own keeps the connection, and its heartbeats, while
/// the consumer is busy or its database is away; what was delivered and not acknowledged is bounded
/// by the prefetch. Nothing is ever put back: what was not acknowledged when a connection ends is
/// delivered again, first and in order, to whoever consumes the shard then.
class RabbitSource final : public OrderSource {
 public:
  /// Deliveries that may be unacknowledged, each of up to 100 messages.
  static constexpr std::uint16_t kPrefetch = 64;

  /// Returns at once and connects on its thread, again and again: see check_broker().
  RabbitSource(Options options, std::int32_t shard);
  ~RabbitSource() override;

  /// Hands out whole deliveries, so `most` must be 100 or more. An empty batch comes with
  /// unreadable() ones.
  [[nodiscard]] bool receive(std::vector<Message>& batch, std::size_t most) override;
  /// Does nothing if the connection was lost since: then all of it is delivered again.
  void acknowledge() override;
  void stall(bool) override {}  // a consumer that keeps its batch receives nothing new
  std::span<const UnreadableMessage> unreadable() const override { return unreadable_; }

  /// Ends receive(); what it has not handed out stays at the broker.
  void shut();

  bool connected() const { return connected_.load(); }

  struct Statistics {
    telemetry::Counter deliveries;
    telemetry::Counter redelivered;  // of them, those that were delivered to someone before
    telemetry::Counter messages;     // purchases and markers in them
    telemetry::Counter connections;  // opened; all but the first are reconnects
  };
  const Statistics& statistics() const { return statistics_; }

 private:
  void run(const std::stop_token& stop);
  void serve_connection(Connection& connection);
  void take(Delivered delivered);
  void acknowledge_done(Connection& connection);
  void lose_connection();

  const Options options_;
  const std::int32_t shard_;
  Statistics statistics_;
  Wake wake_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> connected_{false};

  concurrency::Mutex mutex_;
  concurrency::Condition arrived_;
  Inbox inbox_ STAMPEDE_GUARDED_BY(mutex_);
  bool shut_ STAMPEDE_GUARDED_BY(mutex_) = false;

  // The consumer's own.
  std::vector<UnreadableMessage> unreadable_;

  // The thread's own.
  Dialer dialer_;
  Backoff backoff_{std::random_device{}()};
  std::string last_problem_;
  std::jthread thread_;
};

}  // namespace stampede::queue::rabbitmq
