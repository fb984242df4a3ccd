#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "repositories/orders/order_events.h"

namespace stampede::services::orders {

/// Expires held orders that were not paid in time (docs/design.md#holds). Any number of processes
/// may do it at a time. For one thread.
class HoldExpiry {
 public:
  /// Holds that one transaction ends, so that no sale that runs waits for it for long.
  static constexpr std::size_t kAtOnce = 1'000;

  /// `events` outlives it. `grace`: as Sale::kPaymentGrace, but for the simulation.
  explicit HoldExpiry(repositories::OrderEvents& events,
                      std::chrono::milliseconds grace = Sale::kPaymentGrace)
      : events_(&events), grace_(grace) {}

  /// Expires what is due: held orders whose time to pay ended `grace` ago by the database's clock,
  /// which has written that time. To be called every second. Blocks; throws
  /// repositories::StorageError once it has tried every sale and shard, and the next call goes on
  /// where this one ended. Returns how many.
  std::int64_t step();

 private:
  repositories::OrderEvents* events_;
  std::chrono::milliseconds grace_;
};

}  // namespace stampede::services::orders
