#pragma once

#include <cstdint>
#include <optional>

#include "model/catalog/sale.h"
#include "repositories/catalog/samples.h"
#include "services/live/sample_history.h"

namespace stampede::services::live {

/// The highest rate per second, and when it was reached.
struct Peak {
  double per_second = 0;
  Instant at;
};

/// The statistics of a whole sale, for its report.
struct SaleStatistics {
  SampleHistory history;
  CheckCounts counted;  // in all
  Peak attempts;
  Peak sold;
  std::int64_t most_queued = 0;
  std::optional<Instant> sold_out_at;  // since when nothing was left

  /// In order of time.
  void add(const Sample& sample);
};

/// Reads the stored samples of that sale. Blocks. Throws repositories::StorageError, and
/// std::runtime_error for a sample that cannot be read.
SaleStatistics read_statistics(repositories::Samples& samples, const Sale& sale);

}  // namespace stampede::services::live
