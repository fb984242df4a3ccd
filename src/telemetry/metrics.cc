#include "telemetry/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <iterator>

namespace stampede::telemetry {

std::size_t counter_slot() {
  static std::atomic<std::size_t> next{0};
  thread_local const std::size_t slot =
      next.fetch_add(1, std::memory_order_relaxed) % kCounterSlots;
  return slot;
}

std::uint64_t Counter::value() const {
  std::uint64_t sum = 0;
  for (const Slot& slot : slots_) {
    sum += slot.value.load(std::memory_order_relaxed);
  }
  return sum;
}

void Histogram::observe(std::uint64_t microseconds) {
  // The smallest k with microseconds <= 2^k.
  const auto bucket =
      microseconds <= 1 ? 0U : static_cast<unsigned>(std::bit_width(microseconds - 1));
  if (bucket < kBuckets) {
    buckets_[bucket].add();
  }
  count_.add();
  sum_.add(microseconds);
}

Histogram::Snapshot Histogram::snapshot() const {
  Snapshot result;
  // The count is read first: observers running meanwhile may then only be missing from it, and
  // max() below keeps the cumulative buckets from passing +Inf.
  result.count = count_.value();
  result.sum = sum_.value();
  std::uint64_t bounded = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    result.buckets[i] = buckets_[i].value();
    bounded += result.buckets[i];
  }
  result.count = std::max(result.count, bounded);
  return result;
}

std::string bucket_bound(std::size_t bucket) {
  if (bucket >= Histogram::kBuckets) return "+Inf";
  return fmt::format("{}", static_cast<double>(std::uint64_t{1} << bucket) / 1e6);
}

void PrometheusText::family(std::string_view name, std::string_view type, std::string_view help) {
  fmt::format_to(std::back_inserter(text_), "# HELP {0} {2}\n# TYPE {0} {1}\n", name, type, help);
}

void PrometheusText::value(std::string_view name, std::string_view labels, double number) {
  const std::string_view open = labels.empty() ? "" : "{";
  const std::string_view close = labels.empty() ? "" : "}";
  fmt::format_to(std::back_inserter(text_), "{}{}{}{} {}\n", name, open, labels, close, number);
}

void PrometheusText::histogram(std::string_view name, std::string_view labels,
                               const Histogram::Snapshot& snapshot) {
  const std::string_view comma = labels.empty() ? "" : ",";
  const std::string bucket = fmt::format("{}_bucket", name);
  std::uint64_t cumulative = 0;
  for (std::size_t i = 0; i < Histogram::kBuckets; ++i) {
    cumulative += snapshot.buckets[i];
    value(bucket, fmt::format("{}{}le=\"{}\"", labels, comma, bucket_bound(i)),
          static_cast<double>(cumulative));
  }
  value(bucket, fmt::format("{}{}le=\"+Inf\"", labels, comma), static_cast<double>(snapshot.count));
  value(fmt::format("{}_sum", name), labels, static_cast<double>(snapshot.sum) / 1e6);
  value(fmt::format("{}_count", name), labels, static_cast<double>(snapshot.count));
}

}  // namespace stampede::telemetry
