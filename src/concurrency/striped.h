#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "concurrency/mutex.h"

namespace stampede::concurrency {

/// `State` split over `Count` locks by an integer key, so that threads with different keys seldom
/// meet. The state can be reached only with its lock held. Thread-safe.
template <class State, std::size_t Count>
class Striped {
  static_assert((Count & (Count - 1)) == 0, "a power of two");

 public:
  /// Fewer than Count locks, a power of two of them, where few threads meet and sweeps are many.
  explicit Striped(std::size_t count = Count)
      : mask_(count - 1), stripes_(std::make_unique<Stripe[]>(count)) {}

  /// Calls `use(State&)` under the lock of `key`.
  template <class Use>
  decltype(auto) with(std::int64_t key, Use&& use) {
    return with_stripe(index_of(key), std::forward<Use>(use));
  }

  /// The same for one stripe, 0 to size() - 1: for sweeps.
  template <class Use>
  decltype(auto) with_stripe(std::size_t index, Use&& use) {
    Stripe& stripe = stripes_[index];
    const MutexLock lock(stripe.mutex);
    return std::forward<Use>(use)(stripe.state);
  }

  std::size_t size() const { return mask_ + 1; }

 private:
  struct alignas(64) Stripe {
    Mutex mutex;
    State state STAMPEDE_GUARDED_BY(mutex);
  };

  std::size_t index_of(std::int64_t key) const {
    // Fibonacci hashing: neighbouring ids land on different stripes (Knuth, TAOCP 3, 6.4).
    const auto mixed = static_cast<std::uint64_t>(key) * 0x9E3779B97F4A7C15ULL;
    return static_cast<std::size_t>(mixed >> 32) & mask_;
  }

  const std::size_t mask_;
  const std::unique_ptr<Stripe[]> stripes_;
};

}  // namespace stampede::concurrency
