#pragma once

#include "tests/support/test_ring.h"

namespace stampede::simulation {

/// Cookies and captchas are not simulated, but their keys are asked for.
inline identity::KeyRing& key_ring() {
  static test::TestRing ring;
  return ring.ring();
}

}  // namespace stampede::simulation
