#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "concurrency/mutex.h"
#include "repositories/catalog/samples.h"
#include "repositories/catalog/units.h"
#include "services/live/count_increase.h"
#include "services/live/sale_statistics.h"
#include "services/live/sample_history.h"

namespace stampede::services::live {

/// What the shop has counted since it began.
struct Totals {
  std::vector<Source> sources;
  std::optional<std::int64_t> queue_depth;  // none: the queue did not tell
};

/// Watches every sale that is on or ended in the last minute: makes one sample of each per second,
/// keeps the samples in memory, and stores those in which something changed. Thread-safe, but
/// tick() is for one thread. Calls block, except watches() and history(). They throw
/// repositories::StorageError.
class SaleSampler {
 public:
  struct Parts {
    repositories::UnitCounts& units;
    repositories::Samples& samples;
    std::function<Totals()> totals;
  };
  static constexpr std::chrono::minutes kAfterwards{1};
  /// Samples that wait while the database is away. Beyond that the oldest are dropped.
  static constexpr std::size_t kMostUnsaved = 10'000;

  explicit SaleSampler(Parts parts) : parts_(std::move(parts)) {}

  /// What one tick saw of a sale.
  struct Seen {
    repositories::PositionByHolder units;
    Sample sample;
  };
  /// To be called once a second. Answers the sample of each watched sale, in order of sale; nothing
  /// if the last call was in the same second. If it throws, its counts are in the next sample.
  std::vector<Seen> tick(Now now);
  /// Stores the samples of the ticks. For the thread that calls tick(). Samples that cannot be
  /// stored now are stored later.
  void save();

  bool watches(SaleId sale) const;
  /// The samples of a watched sale so far; nullopt if it is not watched.
  std::optional<std::vector<Sample>> history(SaleId sale) const;

  std::optional<repositories::PositionByHolder> units(SaleId sale) {
    return parts_.units.units(sale);
  }
  SaleStatistics statistics(const Sale& sale) { return read_statistics(parts_.samples, sale); }

 private:
  struct Watched {
    SampleHistory history;
    std::optional<Sample> last;
    bool quiet = false;  // `last` is not in the history: nothing had changed
  };
  void watch(const std::vector<repositories::PositionByHolder>& all);
  Sample sample_of(const repositories::PositionByHolder& units) const;
  void note(SaleId sale, const Sample& sample);
  void keep(SaleId sale, Watched& watched, const Sample& sample);

  const Parts parts_;
  // Used only by the thread that calls tick() and save():
  CountIncrease count_increase_;
  CheckCounts counted_;                      // since the last sample
  std::optional<std::int64_t> queue_depth_;  // likewise
  std::optional<Instant> sampled_at_;
  std::int64_t seconds_ = 1;  // since the last sample
  std::deque<repositories::StoredSample> unsaved_;

  mutable concurrency::Mutex mutex_;
  std::map<SaleId, Watched> watched_ STAMPEDE_GUARDED_BY(mutex_);  // changed only in tick()
};

}  // namespace stampede::services::live
