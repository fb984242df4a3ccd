#pragma once

#include <cstddef>
#include <cstdint>

#include "repositories/orders/order_events.h"
#include "services/purchase/checkout.h"

namespace stampede::schedules {

/// Tells a checkout what happens to orders after their creation, whichever process makes it happen.
/// For one thread.
class OrderChangesFeed {
 public:
  static constexpr std::size_t kAtOnce = 1'000;

  /// Of one queue shard, behind seq `after`: what happened before is in the orders that are loaded.
  /// Both outlive it.
  OrderChangesFeed(repositories::OrderEvents& events, services::purchase::Checkout& checkout,
                   std::int32_t shard, std::int64_t after)
      : events_(&events), checkout_(&checkout), shard_(shard), seen_(after) {}

  /// Whatever is new. Throws repositories::StorageError: the next call goes on where this one
  /// ended.
  void step();

 private:
  repositories::OrderEvents* events_;
  services::purchase::Checkout* checkout_;
  const std::int32_t shard_;
  std::int64_t seen_;  // seq
};

}  // namespace stampede::schedules
