#include "tests/simulation/engine/network.h"

namespace stampede::simulation {

using namespace std::chrono_literals;

Duration Network::delay() {
  if (stage_->chance(stage_->profile.message_slow)) return stage_->random.between(10ms, 800ms);
  return stage_->random.between(100us, 5ms);
}

}  // namespace stampede::simulation
