#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "model/time.h"
#include "services/live/sample.h"

namespace stampede::services::live {

/// One process that answers /check, and what it has counted since its start, as
/// CheckController::counters() tells it.
struct Source {
  std::string id;  // of this process alone
  std::vector<std::pair<std::string, double>> counters;
};

/// Turns totals into what was counted since the last call. A new process counts from its first
/// totals, a restarted one from 0, and the totals of a process that is away are kept for an hour,
/// so that nothing is counted twice and no difference is negative. For one thread.
class Meter {
 public:
  Counted advance(const std::vector<Source>& sources, Tick now);

 private:
  struct Place {
    Counted totals;
    Tick seen;
  };
  std::map<std::string, Place> places_;
};

}  // namespace stampede::services::live
