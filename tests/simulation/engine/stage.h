#pragma once

#include <stdexcept>
#include <string>

#include "tests/simulation/bugs.h"
#include "tests/simulation/engine/profile.h"
#include "tests/simulation/engine/random.h"
#include "tests/simulation/engine/scheduler.h"
#include "tests/simulation/engine/trace.h"

namespace stampede::simulation {

/// What every part of the world uses: chance, the profile drawn from the seed, the virtual clock,
/// the trace, and the planted bug.
struct Stage {
  /// `world`: of the two that there are.
  Stage(std::uint64_t seed, WorldKind world, Bug planted, bool print)
      : random(seed), profile(draw_profile(random, world)), trace(scheduler, print), bug(planted) {}
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  Random random;
  const Profile profile;
  Scheduler scheduler;
  Trace trace;
  const Bug bug;
  bool faults = true;  // false: everything works from now on

  bool chance(double probability) { return faults && random.chance(probability); }
};

/// Of who expires holds.
inline std::chrono::milliseconds grace(const Stage& stage) {
  return stage.bug == Bug::kNoGrace ? std::chrono::milliseconds{0} : kGrace;
}

/// An invariant does not hold: which, and what was seen.
struct Breach : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace stampede::simulation
