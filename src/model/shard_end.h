#pragma once

#include <cstdint>

#include "model/order.h"

namespace stampede {

/// Where the orders of a queue shard end, and which orders they are: two databases in which a shard
/// has the same digest at the same seq hold the same orders in it, as far as a digest can tell.
struct ShardEnd {
  std::int64_t seq = 0;     // of the last order; 0: there is none
  std::int64_t digest = 0;  // of all orders, since this column is written

  /// The next order, whose seq is set.
  void add(const Order& order);

  friend bool operator==(const ShardEnd&, const ShardEnd&) = default;
};

}  // namespace stampede
