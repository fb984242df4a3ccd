#include "services/operations/order_operations.h"

#include <fmt/format.h>

namespace stampede::services::operations {

Outcome<repositories::Applied<Order>> OrderOperations::cancel(const Operator& who,
                                                              OrderNumber number,
                                                              const std::string& reason) {
  auto cancelled = changes_.cancel(number, who.name, reason, who.now.wall);
  if (cancelled && !cancelled->before) {
    const auto& order = cancelled->result;
    journal_->record(
        who, "order cancel",
        fmt::format("order {} of buyer {} in sale {}{}{}", number.value, order.buyer.value,
                    order.sale.value, reason.empty() ? "" : ": ", reason));
  }
  return cancelled;
}

Outcome<repositories::Applied<Payment>> OrderOperations::pay(
    const Operator& who, OrderNumber number, const orders::CapturedPayment& captured) {
  auto paid = changes_.pay(number, captured, who.name, who.now.wall);
  if (paid && !paid->before) {
    const Payment& payment = paid->result;
    const bool kept = payment.state == PaymentState::kKept;
    journal_->record(who, "order pay",
                     fmt::format("order {}: {} cents by {}{}{}", number.value, payment.amount_cents,
                                 payment.reference, kept ? "" : ", to go back: ", payment.reason));
  }
  return paid;
}

Outcome<repositories::Applied<Payment>> OrderOperations::refund(const Operator& who,
                                                                const std::string& reference) {
  auto refunded = changes_.refund(reference, who.name, who.now.wall);
  if (refunded && !refunded->before) {
    const Payment& payment = refunded->result;
    journal_->record(who, "order refund",
                     fmt::format("order {}: {} cents by {}", payment.order.value,
                                 payment.amount_cents, payment.reference));
  }
  return refunded;
}

}  // namespace stampede::services::operations
