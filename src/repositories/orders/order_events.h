#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "model/orders/order_event.h"

namespace stampede::repositories {

/// What happens to orders after their creation. Thread-safe; calls block.
class OrderEvents {
 public:
  /// What happens to this order as it is (null: there is none of that number), if anything; without
  /// its seq. May be called again for a transaction that is repeated.
  using Decide = std::function<std::optional<OrderEvent>(const Order*)>;

  virtual ~OrderEvents() = default;

  /// Reads the order while nothing else can happen to it or to its buyer's other orders, and writes
  /// what `decide` says, in one transaction. A cancelled order's unit goes back to its sale's
  /// unleased ones in the same transaction.
  virtual void change(OrderNumber number, const Decide& decide) = 0;
  /// In the order in which they happened.
  virtual std::vector<OrderEvent> of_order(OrderNumber number) = 0;
  /// The orders of one queue shard to which something happened behind seq `after`, each as it was
  /// then, in order of that seq: at most `most`.
  virtual std::vector<Order> changed(std::int32_t shard, std::int64_t after, std::size_t most) = 0;
};

}  // namespace stampede::repositories
