#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "model/member.h"
#include "model/orders/check_counts.h"

namespace stampede::peers {

/// The validators that share the ring, and what each counted last: for the console.
struct ClusterReport {
  struct Node {
    Member member;
    std::optional<CheckCounts> counts;  // none: it has told nothing yet
  };
  std::int64_t ring_epoch = 0;
  std::vector<Node> nodes;
};

}  // namespace stampede::peers
