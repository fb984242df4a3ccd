#pragma once

#include <atomic>
#include <cstdint>
#include <limits>

#include "model/time.h"

namespace stampede::services::admission {

/// A token bucket, stored as the time at which it would be full again (the generic cell rate
/// algorithm, ITU-T I.371), so that take() is one compare-and-swap. Starts full. Thread-safe.
class TokenBucket {
 public:
  struct Size {
    static constexpr double kLeastRate = 0.001;
    static constexpr double kMostSecondsToFill = 1e8;
    /// `rate` tokens per second, kLeastRate to 10^9; 0: every take succeeds. `burst`: at least 1;
    /// burst / rate at most kMostSecondsToFill.
    Size(double rate, double burst);
    std::int64_t interval;   // nanoseconds per token; 0: unlimited
    std::int64_t tolerance;  // nanoseconds in which an empty bucket fills
  };

  /// Takes one token if there is one at `now`. Every call is given the same size.
  bool take(const Size& size, Tick now);
  /// Less than half of its tokens are left at `now`.
  bool below_half(const Size& size, Tick now) const;

 private:
  std::atomic<std::int64_t> full_at_{std::numeric_limits<std::int64_t>::min()};  // nanoseconds
};

}  // namespace stampede::services::admission
