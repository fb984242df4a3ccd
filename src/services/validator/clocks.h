#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "model/time.h"
#include "services/purchase/checkout.h"

namespace stampede::services::validator {

/// How far this machine's clocks can be believed. Every reply of quantity control brings the
/// database's time; between two replies the wall clock and the tick, which counts suspended time
/// too, must advance alike.
///
/// A wall clock that is wrong must not decide that a sale has not begun or is over. A wall clock
/// that ran ahead of the tick may be right all the same: then the tick stood still (a virtual
/// machine was suspended or moved), and every deadline comes too late. Only the next reply tells.
///
/// note() is for one thread; everything else is thread-safe and takes no lock.
class Clocks {
 public:
  /// More than this is not a late reading or a slow network.
  static constexpr std::chrono::milliseconds kTolerance{2'000};

  /// Whether the wall clock jumped against the tick between two readings: nothing that was asked at
  /// the first can be counted from there.
  static bool jumped(Now from, Now to);

  /// Whether the tick may have stood still since the reply that was noted last, so that deadlines
  /// that were counted on it are over: the database's clock has gone on by more, or may have, and
  /// the wall clock has. As note(), to be called before it.
  bool tick_stood_still(std::optional<Instant> database, Now asked, Now answered) const;
  /// A reply that was asked for at `asked` and was there at `answered`, and the database's time
  /// when it was made; none: not told. The clocks are believed again.
  void note(std::optional<Instant> database, Now asked, Now answered);

  /// A reading as the rules may use it: the wall clock by the database, where this machine's own is
  /// wrong, and how far they may trust it. Before the first reply nothing is known of the wall
  /// clock, and it may be wrong.
  struct Reading {
    Now now;
    purchase::Attempt::Clock clock = purchase::Attempt::Clock::kTrusted;
  };
  Reading read(Now now) const;

  /// By how much the wall clock is ahead of where it should be: at least, as the reply was under
  /// way for some time.
  std::chrono::milliseconds ahead(Now now) const;
  /// What is wrong, as a sentence; empty: nothing that is known, as before the first reply.
  std::string problem(Now now) const;

 private:
  std::chrono::milliseconds since_note(Now now) const;

  static constexpr std::int64_t kUnknown = INT64_MIN;
  /// The wall clock less the tick, at the last reply; kUnknown before the first. In ms.
  std::atomic<std::int64_t> own_{kUnknown};
  /// How far the wall clock was ahead of the database's then. In ms.
  std::atomic<std::int64_t> wrong_by_{0};
  /// By how much that may be more: for so long the reply was under way. In ms.
  std::atomic<std::int64_t> unsure_by_{0};
  /// How far the database's clock was ahead of the tick then, between these. In ms; of note().
  std::int64_t database_least_ = kUnknown;
  std::int64_t database_most_ = kUnknown;
};

}  // namespace stampede::services::validator
