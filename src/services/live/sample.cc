#include "services/live/sample.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace stampede::services::live {
namespace {

/// Microseconds: bucket k holds (2^(k-1), 2^k], the first (0, 1].
double lower_bound_of(std::size_t bucket) {
  return bucket == 0 ? 0 : std::exp2(static_cast<double>(bucket) - 1);
}

}  // namespace

std::optional<std::int64_t> quantile(const Waits& waits, double part) {
  const auto count = std::accumulate(waits.begin(), waits.end(), std::int64_t{0});
  if (count == 0) return std::nullopt;
  const double rank = std::max(1.0, std::ceil(part * static_cast<double>(count)));
  double below = 0;
  for (std::size_t bucket = 0; bucket < waits.size(); ++bucket) {
    const auto inside = static_cast<double>(waits[bucket]);
    if (below + inside < rank) {
      below += inside;
      continue;
    }
    const double low = lower_bound_of(bucket);
    if (bucket + 1 == waits.size()) return std::llround(low);  // it has no upper bound
    const double high = lower_bound_of(bucket + 1);
    return std::llround(low + (high - low) * (rank - below) / inside);
  }
  std::unreachable();  // rank is at most count
}

bool Sample::quiet_since(const Sample& before) const {
  Sample same = *this;
  same.at = before.at;
  same.seconds = before.seconds;
  return counted == CheckCounts{} && same == before;
}

Sample merged(const Sample& earlier, const Sample& later) {
  Sample both = later;
  both.seconds += earlier.seconds;
  both.counted += earlier.counted;
  // An unknown depth (nullopt) compares less than any known one.
  both.queue_depth = std::max(earlier.queue_depth, later.queue_depth);
  return both;
}

}  // namespace stampede::services::live
