#pragma once

#include <string>

#include "tests/simulation/actors/sim_serve.h"
#include "tests/simulation/world.h"

namespace stampede::simulation {

/// One `stampede serve` and its file.
class ServeWorld final : public World {
 public:
  ServeWorld(std::uint64_t seed, Bug bug, bool print);

 private:
  std::string unrest() const override { return serve_.unrest(); }

  SimServe serve_{stage_, network_, database_, checks_};
};

}  // namespace stampede::simulation
