#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/orders/check_counts.h"
#include "model/time.h"

namespace stampede::services::live {

/// One process that answers /check, and what it has counted since its start.
struct Source {
  std::string id;                     // of this process alone
  std::optional<CheckCounts> counts;  // none: it has told nothing yet
};

/// Turns totals into what was counted since the last call. A new process counts from its first
/// totals, a restarted one from 0, and the totals of a process that is away are kept for an hour,
/// so that nothing is counted twice and no difference is negative. For one thread.
class CountIncrease {
 public:
  CheckCounts advance(const std::vector<Source>& sources, Tick now);

 private:
  struct Place {
    CheckCounts totals;
    Tick seen;
  };
  std::map<std::string, Place> places_;
};

}  // namespace stampede::services::live
