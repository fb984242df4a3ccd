#pragma once

#include <chrono>

#include "model/time.h"
#include "peers/messages.h"
#include "repositories/orders/orders.h"
#include "services/leasing/lease_times.h"

namespace stampede::services::leasing {

/// "Every lease below it is closed", where nothing is known.
inline constexpr LeaseId kNoneClosed{1};

/// Adds the orders after the heartbeat's cursors to the reply. A validator that knows an order
/// which the database does not have, or other orders than it has, is told to start over: the
/// database has lost its tail in a failover. It is known by a digest of all orders of each shard,
/// which the reply carries in `order_digests`. Throws repositories::StorageError; the reply is true
/// then, too.
void add_orders(repositories::Orders& orders, const peers::Heartbeat& heartbeat,
                peers::HeartbeatReply& reply, Instant now, const LeaseTimes& times);

}  // namespace stampede::services::leasing
