#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <chrono>
#include <cstdint>

#include "concurrency/striped.h"
#include "model/ids.h"
#include "model/time.h"

namespace stampede::services::admission {

/// Finds scripts that hammer before the start: ten attempts of one buyer within a minute.
/// Thread-safe; memory is bounded by those who tried in the last minute.
class EarlyAttempts {
 public:
  static constexpr int kMost = 10;
  static constexpr std::chrono::minutes kWindow{1};
  static constexpr std::chrono::minutes kPenalty{10};

  /// Counts one attempt; true if it is the tenth of its minute (and begins a new minute).
  bool note(UserId buyer, Tick now);
  /// Forgets minutes that are over.
  void sweep(Tick now);

 private:
  struct Count {
    Tick since;
    int attempts = 0;
  };
  using Counts = boost::unordered_flat_map<UserId, Count>;
  concurrency::Striped<Counts, 16> buyers_;
};

}  // namespace stampede::services::admission
