#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "model/time.h"
#include "queue/outbox.h"
#include "queue/shards.h"

namespace stampede::queue {

/// Which shards' queues a publisher can use, and when it declares them.
///
/// A queue that is there with other arguments than a sale needs cannot be used: the broker refuses
/// its declaration, which costs the connection. The next connection leaves that shard out, so that
/// the others go on, and the shard is tried on a connection of its own, once a second, until its
/// queue can be declared. A message that is returned shows that a queue or its binding is missing:
/// then all queues are declared again, once a second, until that has worked.
///
/// No I/O, no clock, not thread-safe. `outbox` outlives it, and takes nothing for a shard that
/// cannot be used.
class ShardQueues {
 public:
  /// Between two tries.
  static constexpr std::chrono::seconds kPause{1};

  explicit ShardQueues(Outbox& outbox) : outbox_(&outbox) {}

  bool usable(std::int32_t shard) const { return !try_at_[index(shard)]; }
  std::size_t unusable() const;

  /// The broker refuses that queue's declaration, or could not be asked again.
  void refused(std::int32_t shard, Tick now);
  /// The queue of a shard that could not be used was declared.
  void declared(std::int32_t shard);
  /// The shards that cannot be used and are to be tried now; each ends in declared() or refused().
  std::vector<std::int32_t> due(Tick now) const;
  /// When due() has the next one; nullopt: all shards can be used.
  std::optional<Tick> next_try() const;

  /// A message came back. True if no queue was known to be missing.
  bool returned();
  /// Whether the usable queues are to be declared on the connection that stands. Then
  /// all_declared() is to be called, or that connection is lost.
  [[nodiscard]] bool restore(Tick now);
  /// The usable queues were declared: when a connection was made, or by restore().
  void all_declared() { missing_ = false; }

 private:
  static std::size_t index(std::int32_t shard) { return static_cast<std::size_t>(shard); }

  Outbox* outbox_;
  std::array<std::optional<Tick>, kShards> try_at_;  // by shard; none: it can be used
  bool missing_ = false;
  Tick restore_at_{};
};

}  // namespace stampede::queue
