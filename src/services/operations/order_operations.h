#pragma once

#include <string>
#include <vector>

#include "services/audit/journal.h"
#include "services/operations/outcome.h"
#include "services/orders/order_changes.h"

namespace stampede::services::operations {

/// What operators do with orders, at the console and by the command line alike: each is checked,
/// made and written into the audit log. The order's own event has the operator and the reason too,
/// in the transaction of the change. Running roles hear of it within a second. Thread-safe;
/// calls block and throw repositories::StorageError. What it is given outlives it.
class OrderOperations {
 public:
  OrderOperations(repositories::OrderEvents& events, audit::Journal& journal)
      : changes_(events), journal_(&journal) {}

  /// As orders::OrderChanges::cancel().
  Outcome<repositories::Applied<Order>> cancel(const Operator& who, OrderNumber number,
                                               const std::string& reason);
  /// As orders::OrderChanges::pay(). It is journaled what became of the payment.
  Outcome<repositories::Applied<Payment>> pay(const Operator& who, OrderNumber number,
                                              const orders::CapturedPayment& captured);
  /// As orders::OrderChanges::refund().
  Outcome<repositories::Applied<Payment>> refund(const Operator& who, const std::string& reference);
  std::vector<OrderEvent> events_of(OrderNumber number) { return changes_.of_order(number); }
  std::vector<Payment> payments_of(OrderNumber number) { return changes_.payments_of(number); }

 private:
  orders::OrderChanges changes_;
  audit::Journal* journal_;
};

}  // namespace stampede::services::operations
