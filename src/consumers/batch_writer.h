#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "model/orders/order.h"
#include "model/time.h"
#include "queue/order_queue.h"
#include "repositories/orders/quarantine.h"
#include "services/orders/order_writer.h"
#include "telemetry/metrics.h"

namespace stampede::consumers {

/// Brings one batch of the order queue into the database, a transaction at a time, and tells who
/// waits. A batch that the database refuses is cut in halves, in order, until the message is alone
/// that is to blame; it goes into quarantine. While the database is away the batch is kept, and the
/// queue is to be stalled. Calls block. One thread, but for what says otherwise.
class BatchWriter {
 public:
  /// Where messages go that nothing could be made of.
  struct DeadLetters {
    std::int32_t shard = 0;                          // of the source
    repositories::Quarantine* quarantine = nullptr;  // none: they are tried again for ever
  };
  /// Each may be empty; all are called within step().
  struct Listener {
    /// Committed orders.
    std::function<void(std::span<const Order>)> settled;
    /// Leases that markers closed: their units are in the sale again.
    std::function<void(std::span<const LeaseId>)> closed;
    /// Purchases that are in quarantine now: they have become no order and will become none.
    std::function<void(std::span<const Purchase>)> quarantined;
    /// The database is away, or was; each time that it changes.
    std::function<void(bool)> away = {};
  };
  /// Pauses between tries while the database is away: doubled from the first to the last.
  struct Retry {
    std::chrono::milliseconds first{50};
    std::chrono::milliseconds last{1'000};
  };
  BatchWriter(services::orders::OrderWriter writer, DeadLetters dead_letters, Listener listener,
              Retry retry)
      : writer_(writer),
        dead_letters_(dead_letters),
        listener_(std::move(listener)),
        retry_(retry),
        next_pause_(retry.first) {}

  /// The next batch, and what came with it that could not be read. Both stay the caller's until
  /// step() is done with them.
  void take(std::span<const queue::Message> messages,
            std::span<const queue::UnreadableMessage> unreadable);

  enum class Step {
    kDone,  // everything is written or in quarantine: the batch may be acknowledged
    kMore,  // a part is: step() is to be called again
    kAway,  // the database is away, and nothing was done: step() is to be called after pause()
  };
  Step step(Instant now);
  /// After Step::kAway.
  std::chrono::milliseconds pause() const { return pause_; }
  /// False while the database is away. Thread-safe.
  bool healthy() const { return healthy_.load(std::memory_order_relaxed); }

  struct Statistics {
    telemetry::Counter batches;
    telemetry::Counter orders;
    telemetry::Counter failed_orders;
    telemetry::Counter retries;
    telemetry::Counter quarantined;
    telemetry::Histogram batch_time;  // read to commit
  };
  const Statistics& statistics() const { return statistics_; }

 private:
  enum class WriteResult { kWritten, kAway, kRefused };

  Step try_step(Instant now);
  void note_away(bool away);
  bool write_front(Instant now);
  WriteResult try_write(std::span<const queue::Message> messages,
                        services::orders::Written& written, std::string& reason);
  bool try_quarantine(std::string_view body, std::string_view reason, Instant now);
  void tell(const services::orders::Written& written);
  void tell_quarantined(const queue::Message& message);

  services::orders::OrderWriter writer_;
  const DeadLetters dead_letters_;
  const Listener listener_;
  const Retry retry_;
  std::chrono::milliseconds pause_{};
  std::chrono::milliseconds next_pause_;
  std::atomic<bool> healthy_{true};
  Statistics statistics_;
  std::span<const queue::UnreadableMessage> unreadable_;  // not in quarantine yet
  std::deque<std::span<const queue::Message>> parts_;     // not written yet, in order
};

}  // namespace stampede::consumers
