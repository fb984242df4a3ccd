#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "model/orders/order.h"
#include "model/time.h"
#include "queue/order_queue.h"
#include "queue/shards.h"

namespace stampede::queue {

/// Names one connection to the broker; a later one has a larger number.
using Generation = std::uint64_t;
/// Counts the publishes of one connection from 1, as the broker counts them for its confirms.
using DeliveryTag = std::uint64_t;

/// A connection to the broker on which a confirm is missing for longer is given up.
inline constexpr std::chrono::milliseconds kConfirmTimeout{10'000};

/// What a publisher with confirms must remember: which purchases wait, which were sent, and what
/// may be said of them. No I/O, no clock, not thread-safe: its owner moves the bytes.
///
/// A purchase is *queued* once a try of it was confirmed. It is *refused* only while no try of it
/// can have reached a queue: it was never sent, or its first try was returned. Otherwise it is
/// unknown, and sent again, the same batch, until it is confirmed. Markers are never given up.
class Outbox {
 public:
  struct Options {
    std::size_t capacity = 50'000;  // unresolved purchases; beyond that none is accepted
    std::size_t batch = 100;        // entries of one batch, 1 to 100
    std::size_t window = 16;        // unconfirmed batches of one shard
    std::size_t eager = 2;          // of them, those beyond which only a full batch is sent
    /// A shard whose oldest unresolved entry is older accepts nothing new.
    MonotonicClock::duration patience = std::chrono::seconds{1};
    /// Between the tries of a batch that the broker answered without taking it; doubled each time.
    MonotonicClock::duration first_pause = std::chrono::milliseconds{50};
    MonotonicClock::duration last_pause = std::chrono::seconds{1};
  };

  explicit Outbox(Options options) : options_(options) {}

  /// False: nothing was taken. A shard accepts while it is connected, usable, not blocked, has
  /// nothing to send again, and its oldest unresolved entry is young.
  [[nodiscard]] bool accept(const Purchase& purchase, Tick now);
  /// It is sent once every purchase of its lease that was accepted is resolved. A second one of a
  /// lease whose first is not confirmed is the same.
  void accept(const CloseMarker& marker, Tick now);

  /// A new connection stands; its generation must be larger than those before.
  void connected(Generation generation);
  /// Everything unconfirmed is unknown from now on; what was never sent is refused.
  void connection_lost(Generation generation);
  /// The broker takes nothing for now (connection.blocked), or does again.
  void set_blocked(bool blocked);
  /// While a connection stands that takes purchases of any shard.
  bool takes_purchases() const;

  /// The queue of a shard cannot be used for now, or can again: what was never sent to it is
  /// refused, what was sent is unknown until it can.
  void set_usable(std::int32_t shard, bool usable);

  /// A batch to publish now as the `tag`-th of this connection: it counts as sent. Batches of one
  /// shard come in the order they were accepted in; those sent before come before new ones.
  struct Outgoing {
    std::int32_t shard = 0;
    Generation generation = 0;
    DeliveryTag tag = 0;
    std::span<const Message> messages;  // valid until this batch is resolved
  };
  std::optional<Outgoing> next(Tick now);

  /// The broker's word on one batch, or on all up to it. Those of another generation, and of a tag
  /// that is not open, are ignored.
  void acked(Generation generation, DeliveryTag tag, bool multiple, Tick now);
  void nacked(Generation generation, DeliveryTag tag, bool multiple, Tick now);
  /// The broker found no queue for it (basic.return); it acknowledges the batch all the same,
  /// later.
  void returned(Generation generation, DeliveryTag tag);

  /// What was resolved since the last call; each purchase once.
  struct Resolved {
    std::vector<Purchase> queued;
    std::vector<Purchase> refused;
    std::vector<MonotonicClock::duration> confirm_times;  // of each batch confirmed, last try
    bool empty() const { return queued.empty() && refused.empty() && confirm_times.empty(); }
  };
  Resolved take_resolved();

  /// Purchases and markers that are not resolved.
  std::size_t unresolved() const { return purchases_ + markers_; }
  /// The broker has owed its word on a batch for that long, and is not blocked: the connection is
  /// to be given up.
  bool overdue(Tick now, MonotonicClock::duration timeout) const;
  /// When next() may have something again without another event: a pause ends.
  std::optional<Tick> next_try() const;
  /// Ascending: leases with a purchase that is unresolved since before `before`. One may be named
  /// early by as long as its batch gathered, never late.
  std::vector<LeaseId> stuck_leases(Tick before) const;

 private:
  using BatchId = std::uint64_t;  // ascending in the order of first sending

  struct Batch {
    std::vector<Message> messages;
    Tick accepted;         // the first of them
    bool unknown = false;  // an earlier try may have reached a queue
  };
  using Batches = std::map<BatchId, Batch>;
  struct Waiting {
    Message message;
    Tick accepted;
  };
  struct Shard {
    std::deque<Waiting> waiting;  // never sent
    Batches batches;              // sent at least once, unresolved
    std::set<BatchId> again;      // of them, those to be sent again
    std::size_t open = 0;         // tries that await the broker's word
    std::int32_t failures = 0;    // tries in a row that were not taken
    Tick paused_until{};
    bool usable = true;
  };
  /// One try that awaits the broker's word.
  struct Try {
    std::int32_t shard = 0;
    BatchId batch = 0;
    Tick sent;
    bool returned = false;
  };
  struct Lease {
    std::size_t purchases = 0;        // unresolved
    std::optional<Tick> held_marker;  // when it was accepted
  };

  bool accepts(const Shard& shard, Tick now) const;
  std::optional<Outgoing> next_of(std::int32_t index, Tick now);
  void make_batch(Shard& shard);
  template <class Judge>
  void conclude(Generation generation, DeliveryTag tag, bool multiple, Judge&& judge);
  void confirm(Shard& shard, Batches::iterator batch);
  void repeat(Shard& shard, BatchId id, Tick now);
  void refuse_waiting(Shard& shard);
  void resolve(const Purchase& purchase, std::vector<Purchase>& outcome);

  const Options options_;
  std::array<Shard, kShards> shards_;
  std::map<DeliveryTag, Try> tries_;
  std::unordered_map<LeaseId, Lease> leases_;
  std::unordered_set<LeaseId> marked_;  // whose marker is not resolved
  std::size_t purchases_ = 0;
  std::size_t markers_ = 0;
  BatchId last_batch_ = 0;
  Generation generation_ = 0;
  DeliveryTag last_tag_ = 0;
  std::int32_t turn_ = 0;  // the shard that next() asks first
  bool connected_ = false;
  bool blocked_ = false;
  Resolved resolved_;
};

}  // namespace stampede::queue
