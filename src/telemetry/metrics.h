#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace stampede::telemetry {

/// Threads count into slots of their own, so that two never share a cache line.
inline constexpr std::size_t kCounterSlots = 16;
/// The calling thread's slot.
std::size_t counter_slot();

/// A count that only grows. Thread-safe; add() costs one uncontended atomic add.
class Counter {
 public:
  void add(std::uint64_t n = 1) {
    slots_[counter_slot()].value.fetch_add(n, std::memory_order_relaxed);
  }
  std::uint64_t value() const;

 private:
  struct alignas(64) Slot {
    std::atomic<std::uint64_t> value{0};
  };
  std::array<Slot, kCounterSlots> slots_;
};

/// A distribution of durations in microseconds, in buckets of powers of two from 1 us to 64 s.
/// Thread-safe.
class Histogram {
 public:
  static constexpr std::size_t kBuckets = 27;  // upper bounds 2^0 .. 2^26 us; beyond: +Inf only
  void observe(std::uint64_t microseconds);

  struct Snapshot {
    std::array<std::uint64_t, kBuckets> buckets{};  // not cumulative
    std::uint64_t count = 0;
    std::uint64_t sum = 0;  // microseconds

    Snapshot& operator+=(const Snapshot& other) {
      for (std::size_t i = 0; i < kBuckets; ++i) buckets[i] += other.buckets[i];
      count += other.count;
      sum += other.sum;
      return *this;
    }
  };
  Snapshot snapshot() const;

 private:
  std::array<Counter, kBuckets> buckets_;
  Counter count_;
  Counter sum_;
};

/// The label `le` of a bucket, in seconds, as Prometheus wants it; "+Inf" for the bucket after the
/// last.
std::string bucket_bound(std::size_t bucket);

/// Writes the Prometheus text format, version 0.0.4.
class PrometheusText {
 public:
  /// HELP and TYPE lines; then value() or histogram() lines of that name.
  void family(std::string_view name, std::string_view type, std::string_view help);
  /// `labels` like `result="sold"`, or empty.
  void value(std::string_view name, std::string_view labels, double number);
  /// In seconds, as Prometheus wants it.
  void histogram(std::string_view name, std::string_view labels,
                 const Histogram::Snapshot& snapshot);
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace stampede::telemetry
