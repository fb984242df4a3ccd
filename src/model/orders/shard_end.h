#pragma once

#include <cstdint>

#include "model/orders/order.h"

namespace stampede {

/// Where the orders of a queue shard and their events end, and which they are. Two databases in
/// which a shard has the same digest at the same seq hold the same ones in it: the same buyers'
/// purchases, with the same outcomes.
struct ShardEnd {
  std::int64_t seq = 0;         // of the last one; 0: there is none
  std::int64_t digest = 0;      // of all up to digest_seq, since digests are counted
  std::int64_t digest_seq = 0;  // below seq where a release wrote that counts none

  /// The next order, or one as it is after the next event; its seq is set.
  void add(const Order& order);
  /// The digest is that of the orders up to seq.
  bool has_digest() const { return digest_seq == seq; }

  friend bool operator==(const ShardEnd&, const ShardEnd&) = default;
};

}  // namespace stampede
