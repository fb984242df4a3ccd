#pragma once

#include <atomic>
#include <chrono>

namespace stampede::telemetry {

/// Limits how often one kind of event is logged, so that a fault which repeats a thousand times a
/// second does not hide other lines. Thread-safe.
class LogLimit {
 public:
  using Clock = std::chrono::steady_clock;

  explicit LogLimit(std::chrono::milliseconds interval = std::chrono::seconds{10})
      : interval_(interval) {}

  /// Whether an event at `now` is to be logged: the first, and then one in each interval.
  bool admits(Clock::time_point now = Clock::now()) {
    auto next = next_.load(std::memory_order_relaxed);
    return now >= next &&
           next_.compare_exchange_strong(next, now + interval_, std::memory_order_relaxed);
  }

 private:
  const Clock::duration interval_;
  std::atomic<Clock::time_point> next_{Clock::time_point::min()};
};

}  // namespace stampede::telemetry
