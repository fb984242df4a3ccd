#pragma once

#include "tests/cluster/proxy.h"
#include "tests/support/cluster/cluster.h"

namespace stampede::test_support {

/// Where a proxy finds a cluster of the validators "a" and "b".
inline Upstreams upstreams_of(const Cluster& cluster) {
  return {.web = cluster.address("web").text(),
          .validator_a = cluster.address("a").text(),
          .validator_b = cluster.address("b").text(),
          .console_a = cluster.console("a").port,
          .console_b = cluster.console("b").port};
}

}  // namespace stampede::test_support
