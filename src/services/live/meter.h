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

/// Makes of totals what was counted since they were last told. A process that is new counts from
/// where it is first seen, one that began again from 0, and one that is away keeps its place for an
/// hour: so nothing is counted twice or comes out negative. For one thread.
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
