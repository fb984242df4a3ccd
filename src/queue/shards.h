#pragma once

#include <cstdint>

#include "model/ids.h"

namespace stampede::queue {

/// The order queue of a cluster is cut into shards: everything about one lease goes through one of
/// them, in order. Shards are numbered from 0; the database knows the same number of them.
inline constexpr std::int32_t kShards = 4;

constexpr std::int32_t shard_of(LeaseId lease) {
  return static_cast<std::int32_t>(lease.value % kShards);
}

}  // namespace stampede::queue
