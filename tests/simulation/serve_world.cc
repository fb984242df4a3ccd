#include "tests/simulation/serve_world.h"

namespace stampede::simulation {

ServeWorld::ServeWorld(std::uint64_t seed, Bug bug, bool print)
    : World(seed, WorldKind::kServe, bug, print) {
  add_sales();
  plan_changes();
  serve_.start();
  open({.servers = {&serve_},
        .web = serve_.process(),
        .nodes = {Node{&serve_.process(), [this] { serve_.start(); }, [this] { serve_.kill(); },
                       [this](auto gone) { serve_.leave(std::move(gone)); }}}});
}

}  // namespace stampede::simulation
