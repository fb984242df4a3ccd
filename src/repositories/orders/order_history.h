#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "model/orders/order.h"
#include "model/orders/order_event.h"

namespace stampede::repositories {

/// One thing that happened to an order: its creation, or an event.
struct HistoryEntry {
  Order order;  // as it was then; its seq is the entry's
  ProductId product;
  std::int64_t price_cents = 0;
  std::optional<OrderEvent> event = std::nullopt;  // none: it was created
};

struct HistoryPage {
  std::vector<HistoryEntry> entries;  // in the order of their seq
  std::int64_t up_to = 0;             // all entries up to this seq are known now
};

/// What happened to the orders of each queue shard, in turn: what webhooks are made of. Purchases
/// that failed are no part of it. Thread-safe; calls block and throw StorageError.
class OrderHistory {
 public:
  virtual ~OrderHistory() = default;

  /// The seq of the newest entry of each queue shard, in order.
  virtual std::vector<std::int64_t> ends() = 0;
  /// Of one queue shard, what has a seq above `after`: looks at `most` orders and events at most.
  virtual HistoryPage since(std::int32_t shard, std::int64_t after, std::size_t most) = 0;
  /// nullopt: nothing of an order that has not failed has that seq.
  virtual std::optional<HistoryEntry> find(std::int32_t shard, std::int64_t seq) = 0;
};

}  // namespace stampede::repositories
