#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/catalog/sale_position.h"
#include "model/orders/check_counts.h"
#include "model/time.h"
#include "repositories/catalog/units.h"

namespace stampede::services::live {

using Waits = decltype(CheckCounts::waits);
/// The wait in microseconds that `part` (0 to 1) of the buyers did not exceed, interpolated within
/// its bucket; nullopt if nobody waited.
std::optional<std::int64_t> quantile(const Waits& waits, double part);

/// A sale in some seconds, mostly one. Answers and waits are of the whole shop, units of the sale.
struct Sample {
  Instant at;                // the end of those seconds, a whole one
  std::int64_t seconds = 1;  // how many it stands for
  CheckCounts counted;
  std::optional<std::int64_t> queue_depth;  // the most of them; none: the queue did not tell
  UnitsByPlace units;                       // at the end
  std::vector<LeasedByNode> leased_by_node;

  /// Nobody asked for anything, and all is where it was at `before`.
  bool quiet_since(const Sample& before) const;
  friend bool operator==(const Sample&, const Sample&) = default;
};

/// The seconds of both, `later` behind `earlier`.
Sample merged(const Sample& earlier, const Sample& later);

/// As it is stored, without its instant: JSON of at most 8,000 bytes. The leased units by node are
/// left out if they would not fit.
std::string to_body(const Sample& sample);
/// An error, in words, for a body that this program cannot have written.
std::expected<Sample, std::string> from_body(Instant at, std::string_view body);

}  // namespace stampede::services::live
