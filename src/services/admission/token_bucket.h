#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "model/time.h"

namespace stampede::services::admission {

/// A token bucket, stored as the time at which it would be full again (the generic cell rate
/// algorithm, ITU-T I.371), so that take() is one compare-and-swap. Starts full. Thread-safe.
class TokenBucket {
 public:
  /// `rate` tokens per second, 0.001 to 10^9; 0: every take succeeds. `burst`: its size, at
  /// least 1.
  TokenBucket(double rate, double burst);

  /// Takes one token if there is one at `now`.
  bool take(Tick now);

  /// How long one token takes to come; at least 1 ms.
  std::chrono::milliseconds wait() const;

 private:
  const std::int64_t interval_;   // nanoseconds per token; 0: unlimited
  const std::int64_t tolerance_;  // nanoseconds in which an empty bucket fills
  std::atomic<std::int64_t> full_at_;
};

}  // namespace stampede::services::admission
