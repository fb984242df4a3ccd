#include "services/live/sale_statistics.h"

#include <algorithm>
#include <stdexcept>

namespace stampede::services::live {
namespace {

constexpr std::size_t kPage = 1'000;  // samples that are read at once

void raise(Peak& peak, std::int64_t count, std::int64_t seconds, Instant at) {
  const double per_second = static_cast<double>(count) / static_cast<double>(seconds);
  if (per_second > peak.per_second) peak = {per_second, at};
}

/// Seconds may be missing between two samples (nobody watched): what was sold in between is spread
/// over all of them.
std::int64_t seconds_since(const Sample& before, const Sample& sample) {
  const auto passed = std::chrono::duration_cast<std::chrono::seconds>(sample.at - before.at);
  return std::max<std::int64_t>(sample.seconds, passed.count());
}

}  // namespace

void SaleStatistics::add(const Sample& sample) {
  const auto& seen = history.samples();
  raise(attempts, sample.counted.attempts(), sample.seconds, sample.at);
  if (!seen.empty()) {
    const Sample& before = seen.back();
    raise(sold, sample.units.sold - before.units.sold, seconds_since(before, sample), sample.at);
  }
  counted += sample.counted;
  most_queued = std::max(most_queued, sample.queue_depth.value_or(0));
  if (!sample.units.sold_out()) {
    sold_out_at.reset();
  } else if (!sold_out_at) {
    sold_out_at = sample.at;
  }
  history.add(sample);
}

SaleStatistics read_statistics(repositories::Samples& samples, const Sale& sale) {
  SaleStatistics statistics;
  std::vector<repositories::StoredSample> page;
  Instant after{};
  do {
    page = samples.of(sale.id, after, kPage);
    for (const auto& stored : page) {
      const auto sample = from_body(stored.at, stored.body);
      if (!sample) throw std::runtime_error(sample.error());
      statistics.add(*sample);
    }
    if (!page.empty()) after = page.back().at;
  } while (page.size() == kPage);
  return statistics;
}

}  // namespace stampede::services::live
