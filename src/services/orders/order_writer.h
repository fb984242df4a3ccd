#pragma once

#include <span>
#include <vector>

#include "model/orders/order.h"
#include "queue/order_queue.h"
#include "repositories/orders/order_store.h"

namespace stampede::services::orders {

/// What one batch became. Orders stand in the order of their purchases; a repeated purchase gives
/// the order it became before.
struct Written {
  std::vector<Order> orders;
  std::vector<LeaseId> closed;  // by markers of this batch, now or before
};

/// The consumer's rule (docs/design.md#consumer): one transaction per batch, purchases and markers
/// strictly in queue order, idempotent by (buyer, intent). For one thread. Throws what the order
/// store throws; the batch may then be written again, whether or not the first try was committed.
class OrderWriter {
 public:
  OrderWriter(repositories::OrderStore& store, std::int32_t shard)
      : store_(&store), shard_(shard) {}

  Written write(std::span<const queue::Message> batch);

 private:
  repositories::OrderStore* store_;
  std::int32_t shard_;
};

}  // namespace stampede::services::orders
