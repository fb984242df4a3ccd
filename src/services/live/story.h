#pragma once

#include <cstdint>
#include <optional>

#include "model/sale.h"
#include "repositories/samples.h"
#include "services/live/series.h"

namespace stampede::services::live {

/// The most of anything in one second, and when.
struct Peak {
  double per_second = 0;
  Instant at;
};

/// All that was seen of a sale, for its report.
struct Story {
  Series series;
  Counted counted;  // in all
  Peak attempts;
  Peak sold;
  std::int64_t most_queued = 0;
  std::optional<Instant> sold_out_at;  // since when nothing was left

  /// In order of time.
  void add(const Sample& sample);
};

/// What is stored of that sale. Blocks. Throws repositories::StorageError, and std::runtime_error
/// for a sample that cannot be read.
Story read_story(repositories::Samples& samples, const Sale& sale);

}  // namespace stampede::services::live
