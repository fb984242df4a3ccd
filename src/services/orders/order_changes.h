#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "repositories/idempotent_request.h"
#include "repositories/orders/order_events.h"

namespace stampede::services::orders {

/// A payment that was captured, as who captured it tells it.
struct CapturedPayment {
  std::string reference;  // as Payment::reference: 1 to kLongestReference bytes of visible ASCII
  std::int64_t amount_cents = 0;  // above 0
};

/// What may happen to an order after its creation, and what becomes of its money
/// (docs/design.md#order-events, docs/design.md#payments): decided here and nowhere else. An error
/// names what was wrong and what was expected. Thread-safe; calls block and throw
/// repositories::StorageError; they may be repeated then.
class OrderChanges {
 public:
  template <class Result>
  using Outcome = std::expected<repositories::Applied<Result>, std::string>;

  /// Payment::reason of the payment of an order that was cancelled.
  static constexpr const char* kCancelled = "cancelled";

  explicit OrderChanges(repositories::OrderEvents& events) : events_(&events) {}

  /// Cancels an active order: its unit goes back into the sale, and its buyer may have another. The
  /// payment of one that is paid is due to go back. `before`: it had been cancelled already.
  /// `reason`: plain text of at most OrderEvent::kLongestReason bytes, or empty.
  Outcome<Order> cancel(OrderNumber number, const std::string& actor, const std::string& reason,
                        Instant now);
  /// Records a payment, which is never lost: it pays the order, if that is held, or has expired and
  /// a unit is unleased; otherwise it is due to go back, and says why. `before`: this payment
  /// had been recorded already.
  Outcome<Payment> pay(OrderNumber number, const CapturedPayment& captured,
                       const std::string& actor, Instant now);
  /// Records that a payment which was due to go back has gone back. `before`: it had already.
  Outcome<Payment> refund(const std::string& reference, const std::string& actor, Instant now);

  std::vector<OrderEvent> of_order(OrderNumber number) { return events_->of_order(number); }
  std::vector<Payment> payments_of(OrderNumber number) { return events_->payments_of(number); }

 private:
  /// The error where the reference names another payment.
  std::optional<std::string> known_as_other(OrderNumber number, const CapturedPayment& captured);
  Outcome<Payment> record(OrderNumber number, const CapturedPayment& captured,
                          const std::string& actor, Instant now);

  repositories::OrderEvents* events_;
};

}  // namespace stampede::services::orders
