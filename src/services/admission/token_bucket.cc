#include "services/admission/token_bucket.h"

#include <algorithm>
#include <limits>

namespace stampede::services::admission {

TokenBucket::TokenBucket(double rate, double burst)
    : interval_(rate > 0 ? std::max<std::int64_t>(1, static_cast<std::int64_t>(1e9 / rate)) : 0),
      tolerance_(static_cast<std::int64_t>(std::max(1.0, burst) * static_cast<double>(interval_))),
      full_at_(std::numeric_limits<std::int64_t>::min()) {}

bool TokenBucket::take(Tick now) {
  if (interval_ == 0) return true;
  const std::int64_t now_ns = std::chrono::nanoseconds{now.time_since_epoch()}.count();
  std::int64_t full_at = full_at_.load(std::memory_order_relaxed);
  while (true) {
    const std::int64_t next = std::max(full_at, now_ns) + interval_;
    if (next - now_ns > tolerance_) return false;
    if (full_at_.compare_exchange_weak(full_at, next, std::memory_order_relaxed)) return true;
  }
}

std::chrono::milliseconds TokenBucket::wait() const {
  return std::max(std::chrono::milliseconds{1}, std::chrono::ceil<std::chrono::milliseconds>(
                                                    std::chrono::nanoseconds{interval_}));
}

}  // namespace stampede::services::admission
