#pragma once

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <chrono>
#include <cstdint>

#include "concurrency/striped.h"
#include "model/ids.h"
#include "model/time.h"

namespace stampede::services::admission {

/// Finds scripts that ask before the start of a sale: ten attempts of one buyer within a minute.
/// Thread-safe; memory is bounded by the number of buyers who tried in the last minute.
class EarlyAttempts {
 public:
  static constexpr int kMost = 10;
  static constexpr std::chrono::minutes kWindow{1};
  static constexpr std::chrono::minutes kPenalty{10};

  /// Counts one attempt; true if it and nine before it fell within a minute (and forgets them).
  bool note(UserId buyer, Tick now);
  /// Forgets buyers who have not tried for a minute.
  void sweep(Tick now);

 private:
  /// The last nine attempts of one buyer; the next one overwrites the oldest.
  struct Recent {
    std::array<Tick, kMost - 1> ticks;
    std::size_t count = 0;  // in all

    Tick last() const { return ticks[(count - 1) % ticks.size()]; }
  };
  using Buyers = boost::unordered_flat_map<UserId, Recent>;
  concurrency::Striped<Buyers, 16> buyers_;
};

}  // namespace stampede::services::admission
