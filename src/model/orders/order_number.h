#pragma once

#include <algorithm>
#include <cstdint>

#include "model/ids.h"

namespace stampede {

/// The queue shards share the order numbers and need not ask one another: of S shards, shard s
/// (from 0) gives the order that has the seq of that shard (from 1) the number (seq - 1) * S + s
/// + 1. Order events take a seq too, and no order has the number of theirs. The statement that
/// creates a sale (repositories/sql/catalog/catalog.cc) says the same in SQL.
constexpr OrderNumber number_of(std::int64_t seq, std::int64_t shard, std::int64_t shards) {
  return {(seq - 1) * shards + shard + 1};
}

/// The shard that gave this number.
constexpr std::int64_t shard_of(OrderNumber number, std::int64_t shards) {
  return (number.value - 1) % shards;
}

/// The last seq of a shard whose number is below `number`; 0: there is none.
constexpr std::int64_t last_seq_before(OrderNumber number, std::int64_t shard,
                                       std::int64_t shards) {
  return std::max<std::int64_t>(0, (number.value - shard - 2 + shards) / shards);
}

}  // namespace stampede
