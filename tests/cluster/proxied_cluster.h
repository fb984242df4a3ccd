#pragma once

#include "tests/cluster/proxy.h"
#include "tests/support/cluster.h"

namespace stampede::test_support {

/// Where a proxy finds a cluster of the validators "a" and "b".
inline Upstreams upstreams_of(const Cluster& cluster) {
  return {.web = cluster.door("web").text(),
          .validator_a = cluster.door("a").text(),
          .validator_b = cluster.door("b").text(),
          .console_a = cluster.console("a").port,
          .console_b = cluster.console("b").port};
}

}  // namespace stampede::test_support
