#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "model/member.h"

namespace stampede::peers {

/// The validators that share the ring, and what each counted last: for the console.
struct ClusterReport {
  struct Node {
    Member member;
    std::vector<std::pair<std::string, double>> counters;
  };
  std::int64_t ring_epoch = 0;
  std::vector<Node> nodes;
};

}  // namespace stampede::peers
