#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace stampede::services::leasing {

/// The times and sizes of stock leases in a cluster (docs/design.md#leases).
struct LeaseTimes {
  /// A lease's life. Its holder counts it from before it asked, the grantor from when it answered:
  /// the holder always stops first.
  std::chrono::milliseconds life{5'000};
  /// Beyond its life, before the grantor gives up a lease: for clocks that drift.
  std::chrono::milliseconds guard{2'000};
  /// A publish unresolved for longer keeps its lease from being renewed.
  std::chrono::milliseconds unresolved{10'000};
  /// A purchase without an outcome for so long keeps its lease from being renewed: once the lease
  /// is closed, the buyer may ask again.
  std::chrono::milliseconds undecided{30'000};
  /// A purchase without an outcome for so long: whether its lease is closed is asked with each
  /// heartbeat. The database may have refused it, and older leases may stay open for long.
  std::chrono::milliseconds overdue{5'000};
  /// A lease from which nothing was taken for so long is idle. Longer than a refused buyer is told
  /// to wait before trying again.
  std::chrono::milliseconds idle{3'000};
  /// A validator that asked in vain so recently waits for units.
  std::chrono::milliseconds unserved{2'000};
  /// Between two requests that found no units.
  std::chrono::milliseconds ask_again{200};
  /// After a grant has waited in vain for the row of its sale, for a second, no other waits for
  /// that row until so long after the first was asked for.
  std::chrono::milliseconds locked_again{2'000};
  /// Leases are asked for so long before a sale starts.
  std::chrono::milliseconds ahead{3'000};
  /// A validator not heard of for so long leaves the ring.
  std::chrono::milliseconds lost{3'000};
  /// A validator says *no* only for so long after it asked for its last heartbeat: less than
  /// `lost`, so that it stops before others are told of its buyers. The new owner of a range whose
  /// earlier owner lives waits for so long too.
  std::chrono::milliseconds sure{2'000};
  /// A leader that did not renew its term for so long may be followed by another.
  std::chrono::milliseconds lead{2'000};
  /// A leader that cannot read what it has to know for so long gives up its term.
  std::chrono::milliseconds recover{3'000};
  /// A leader that has answered no heartbeat for so long gives up its term too, if validators ask a
  /// standby meanwhile: they cannot reach the leader. Longer than a validator takes to send a lost
  /// heartbeat again (0.5 s, 1.5 s and 0.5 s). Less than `lost`, so that the leader takes few
  /// validators off the ring before it gives up.
  std::chrono::milliseconds unheard{2'750};
  /// A leader whose close markers the broker has not taken for so long gives up its term, once
  /// until the broker takes them again: longer than most connections take to come back.
  std::chrono::milliseconds no_broker{10'000};
  /// For so long a leader that gave up its term does not try to lead: many times the period in
  /// which the standbys try.
  std::chrono::milliseconds stand_by{2'000};
  /// A close marker that nobody has processed by then is sent again.
  std::chrono::milliseconds marker_again{5'000};
  std::int64_t part = 2;            // k: a lease is a k-th of an even share
  std::int64_t most_units = 1'000;  // in one lease
  /// Orders of one shard in one heartbeat's reply; the rest follows in the next.
  std::size_t orders_at_once = 5'000;
};

/// Units of the next lease, by guided self-scheduling (Polychronopoulos and Kuck 1987): a fixed
/// part of what is left, so that the last leases are one unit and no validator keeps the rest.
inline std::int64_t lease_size(std::int64_t unleased, std::int64_t validators,
                               const LeaseTimes& times) {
  const std::int64_t parts = times.part * std::max<std::int64_t>(1, validators);
  return std::clamp((unleased + parts - 1) / parts, std::int64_t{1}, times.most_units);
}

}  // namespace stampede::services::leasing
