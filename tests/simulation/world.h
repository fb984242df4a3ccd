#pragma once

#include <cstdint>
#include <string>

#include "tests/simulation/bugs.h"

namespace stampede::simulation {

/// What became of one run.
struct Outcome {
  std::string breach;       // empty: every invariant held
  std::uint64_t trace = 0;  // the same for the same seed
  std::uint64_t events = 0;
  std::int64_t live = 0;  // orders
  std::int64_t failed = 0;
};

/// A whole sale in the world that `seed` makes, from its start until everything is quiet.
Outcome run(std::uint64_t seed, Bug bug = Bug::kNone, bool print = false);

}  // namespace stampede::simulation
