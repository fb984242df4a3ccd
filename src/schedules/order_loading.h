#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/time.h"
#include "repositories/orders/orders.h"
#include "services/purchase/checkout.h"

namespace stampede::schedules {

/// Brings the orders that were there before this process into its checkout, a bounded step at a
/// time, while it sells already. Until all of them are known, no buyer is told *no*: an order that
/// is not loaded yet may be the one that is asked about. What such a buyer buys again the consumer
/// settles: a repeated intent is the order it was, and the limit is the database's.
/// For one thread; progress() for any.
class OrderLoading {
 public:
  /// Of any sale that one step looks at: a few milliseconds of reading.
  static constexpr std::size_t kOrdersPerStep = 5'000;

  /// The checkout says no *no* from now on. Both outlive this.
  OrderLoading(repositories::Orders& orders, services::purchase::Checkout& checkout,
               std::size_t orders_per_step = kOrdersPerStep);

  /// One step; nothing once complete. Throws repositories::StorageError: the next call tries that
  /// step again. Orders committed after the first step are to be told to the checkout by whoever
  /// commits them.
  void step(Now now);

  struct Progress {
    std::int64_t known = 0;  // orders handed to the checkout
    std::int64_t left = 0;   // order numbers not looked at yet, of any sale
    bool complete = false;
  };
  Progress progress() const;

 private:
  void begin(Now now);
  void finish(Now now);

  repositories::Orders* orders_;
  services::purchase::Checkout* checkout_;
  const std::size_t orders_per_step_;

  bool begun_ = false;
  Tick begun_at_{};
  repositories::RecentSales recent_;
  OrderNumber next_;  // to be looked at

  std::atomic<std::int64_t> known_{0};
  std::atomic<std::int64_t> left_{0};
  std::atomic<bool> complete_{false};
};

}  // namespace stampede::schedules
