#include "services/admission/token_bucket.h"

#include <algorithm>
#include <chrono>

namespace stampede::services::admission {
namespace {

std::int64_t nanoseconds(Tick tick) {
  return std::chrono::nanoseconds{tick.time_since_epoch()}.count();
}

}  // namespace

TokenBucket::Size::Size(double rate, double burst)
    : interval(rate > 0 ? std::max<std::int64_t>(1, static_cast<std::int64_t>(1e9 / rate)) : 0),
      tolerance(static_cast<std::int64_t>(std::max(1.0, burst) * static_cast<double>(interval))) {}

bool TokenBucket::take(const Size& size, Tick now) {
  if (size.interval == 0) return true;
  const std::int64_t now_ns = nanoseconds(now);
  std::int64_t full_at = full_at_.load(std::memory_order_relaxed);
  while (true) {
    const std::int64_t next = std::max(full_at, now_ns) + size.interval;
    if (next - now_ns > size.tolerance) return false;
    if (full_at_.compare_exchange_weak(full_at, next, std::memory_order_relaxed)) return true;
  }
}

bool TokenBucket::below_half(const Size& size, Tick now) const {
  const std::int64_t missing =
      std::max(full_at_.load(std::memory_order_relaxed), nanoseconds(now)) - nanoseconds(now);
  return missing > size.tolerance / 2;
}

}  // namespace stampede::services::admission
