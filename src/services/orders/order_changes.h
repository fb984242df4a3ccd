#pragma once

#include <expected>
#include <string>

#include "repositories/idempotent_request.h"
#include "repositories/orders/order_events.h"

namespace stampede::services::orders {

/// What may happen to an order after its creation (docs/design.md#order-events), and nowhere else.
/// Thread-safe; calls block and throw repositories::StorageError.
class OrderChanges {
 public:
  explicit OrderChanges(repositories::OrderEvents& events) : events_(&events) {}

  /// Cancels an active order: its unit goes back into the sale, and its buyer may have another.
  /// `before`: it had been cancelled already. An error names what was wrong and what was expected.
  /// `reason`: plain text of at most OrderEvent::kLongestReason bytes, or empty.
  std::expected<repositories::Applied<Order>, std::string> cancel(OrderNumber number,
                                                                  const std::string& actor,
                                                                  const std::string& reason,
                                                                  Instant now);
  std::vector<OrderEvent> of_order(OrderNumber number) { return events_->of_order(number); }

 private:
  repositories::OrderEvents* events_;
};

}  // namespace stampede::services::orders
