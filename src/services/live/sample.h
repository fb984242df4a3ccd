#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/time.h"
#include "model/verdict.h"
#include "repositories/units.h"
#include "telemetry/metrics.h"

namespace stampede::services::live {

/// Answers of /check by kind: one for each Verdict, and at last those refused before the rules (no
/// login, no key, a foreign origin).
inline constexpr std::size_t kKinds = kVerdictCount + 1;
using Answers = std::array<std::int64_t, kKinds>;
/// "sold", "sold-already", "pending" ... "refused": the labels of the metrics.
std::string_view kind_name(std::size_t kind);

/// How long buyers waited for an outcome, in the buckets of telemetry::Histogram; the last counts
/// those beyond all of them.
using Waits = std::array<std::int64_t, telemetry::Histogram::kBuckets + 1>;
/// The wait in microseconds that `part` (0 to 1) of the buyers did not exceed, interpolated within
/// its bucket; nullopt if nobody waited.
std::optional<std::int64_t> quantile(const Waits& waits, double part);

/// What was counted in some time.
struct Counted {
  Answers answers{};
  Waits waits{};

  std::int64_t attempts() const;
  Counted& operator+=(const Counted& other);
  friend bool operator==(const Counted&, const Counted&) = default;
};

/// A sale in some seconds, mostly one. Answers and waits are of the whole shop, units of the sale.
struct Sample {
  Instant at;                // the end of those seconds, a whole one
  std::int64_t seconds = 1;  // how many it stands for
  Counted counted;
  std::optional<std::int64_t> queue_depth;  // the most of them; none: the queue did not tell
  std::int64_t quantity = 0;                // T, and where they were at the end
  std::int64_t unleased = 0;
  std::int64_t leased = 0;  // and unsold
  std::int64_t sold = 0;
  std::int64_t failed = 0;
  std::vector<repositories::Holding> holdings;

  bool sold_out() const { return unleased == 0 && leased == 0; }
  /// Nobody asked for anything, and all is where it was at `before`.
  bool quiet_since(const Sample& before) const;
  friend bool operator==(const Sample&, const Sample&) = default;
};

/// The seconds of both, `later` behind `earlier`.
Sample merged(const Sample& earlier, const Sample& later);

/// As it is stored, without its instant: JSON of at most 8,000 bytes. Who holds what is left out
/// where they are too many for that.
std::string to_body(const Sample& sample);
/// An error, in words, for a body that this program cannot have written.
std::expected<Sample, std::string> from_body(Instant at, std::string_view body);

}  // namespace stampede::services::live
