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
    /// `rate` tokens per second, 0.001 to 10^9; 0: every take succeeds. `burst`: at least 1.
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
