#pragma once

#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "repositories/samples.h"
#include "repositories/units.h"
#include "services/live/meter.h"
#include "services/live/series.h"
#include "services/live/story.h"

namespace stampede::services::live {

/// What the shop has counted since it began.
struct Totals {
  std::vector<Source> sources;
  std::optional<std::int64_t> queue_depth;  // none: the queue did not tell
};

/// Watches every sale that is on or was in the last minute: makes one sample a second of each,
/// keeps them, and stores those in which something changed. Thread-safe, but tick() is for one
/// thread. Calls block, except watches() and history(). They throw repositories::StorageError.
class LiveFeed {
 public:
  struct Parts {
    repositories::UnitLedger& units;
    repositories::Samples& samples;
    std::function<Totals()> totals;
  };
  static constexpr std::chrono::minutes kAfterwards{1};
  /// Samples that wait for a database that is away; beyond, the oldest are given up.
  static constexpr std::size_t kMostUnsaved = 10'000;

  explicit LiveFeed(Parts parts) : parts_(std::move(parts)) {}

  struct Seen {
    repositories::SaleUnits units;
    Sample sample;
  };
  /// To be called once a second; what is seen, in order of sale. Empty where the last call was in
  /// the same second. If it throws, what was counted is in the next sample.
  std::vector<Seen> tick(Now now);
  /// Stores what the ticks saw; of the thread that ticks. What it cannot store now it stores later.
  void save();

  bool watches(SaleId sale) const;
  /// The course of a watched sale so far; nullopt: it is not watched.
  std::optional<std::vector<Sample>> history(SaleId sale) const;

  std::optional<repositories::SaleUnits> units(SaleId sale) { return parts_.units.units(sale); }
  Story story(const Sale& sale) { return read_story(parts_.samples, sale); }

 private:
  struct Watched {
    Series series;
    std::optional<Sample> last;
    bool quiet = false;  // `last` is not in the series: nothing had changed
  };
  void watch(const std::vector<repositories::SaleUnits>& all);
  Sample sample_of(const repositories::SaleUnits& units) const;
  void note(SaleId sale, const Sample& sample);
  void keep(SaleId sale, Watched& watched, const Sample& sample);

  const Parts parts_;
  Meter meter_;                              // the rest is of the thread that ticks
  Counted counted_;                          // since the last sample
  std::optional<std::int64_t> queue_depth_;  // likewise
  std::optional<Instant> sampled_at_;
  std::int64_t seconds_ = 1;  // since the last sample
  std::deque<repositories::StoredSample> unsaved_;

  mutable std::mutex mutex_;
  std::map<SaleId, Watched> watched_;  // guarded by mutex_; changed by the thread that ticks alone
};

}  // namespace stampede::services::live
