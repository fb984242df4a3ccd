#include "services/orders/order_changes.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "model/text/plain_text.h"
#include "repositories/storage_error.h"

namespace stampede::services::orders {

using repositories::Applied;
using repositories::OrderDecision;
using repositories::OrderFacts;

namespace {

std::optional<std::string> wrong_with_reason(const std::string& reason) {
  const auto problem = problem_of(reason, OrderEvent::kLongestReason);
  return problem ? std::optional("reason: " + *problem) : std::nullopt;
}

std::optional<std::string> wrong_with(const CapturedPayment& captured) {
  const auto visible = [](unsigned char byte) { return byte > 0x20 && byte < 0x7f; };
  const std::string& reference = captured.reference;
  if (reference.empty() || reference.size() > Payment::kLongestReference ||
      !std::ranges::all_of(reference, visible)) {
    return "reference: expected 1 to " + std::to_string(Payment::kLongestReference) +
           " visible ASCII characters, the provider's name of the payment";
  }
  if (captured.amount_cents < 1 || captured.amount_cents > Sale::kHighestPriceCents) {
    return "amount: it is " + std::to_string(captured.amount_cents) + " cents; expected 1 to " +
           std::to_string(Sale::kHighestPriceCents);
  }
  return std::nullopt;
}

std::string no_such_order(OrderNumber number) {
  return "order: there is no order " + std::to_string(number.value) +
         "; expected the number of one";
}

/// Why a payment of that order cannot be kept, as a slug; nullptr: it can.
const char* why_not_kept(const OrderFacts& facts, const CapturedPayment& captured) {
  if (captured.amount_cents != facts.sale.price_cents) return "wrong-amount";
  switch (facts.order.status) {
    case OrderStatus::kHeld:
      return nullptr;
    case OrderStatus::kExpired:
      if (facts.active_of_buyer >= facts.sale.per_buyer_limit) return "limit-reached";
      return facts.sale.unleased > 0 ? nullptr : "no-unit-free";
    case OrderStatus::kPaid:
      return "paid-already";
    case OrderStatus::kSuccess:
      return "nothing-to-pay";
    case OrderStatus::kFailed:
      return "failed";
    case OrderStatus::kCancelled:
    case OrderStatus::kRefundDue:
    case OrderStatus::kRefunded:
      return "cancelled-before";
  }
  return "cancelled-before";
}

const Payment* find(const std::vector<Payment>& payments, const std::string& reference) {
  const auto found = std::ranges::find(payments, reference, &Payment::reference);
  return found == payments.end() ? nullptr : &*found;
}

Payment going_back(Payment payment, const char* reason, Instant now) {
  payment.state = PaymentState::kRefundDue;
  payment.reason = reason;
  payment.changed_at = now;
  return payment;
}

}  // namespace

OrderChanges::Outcome<Order> OrderChanges::cancel(OrderNumber number, const std::string& actor,
                                                  const std::string& reason, Instant now) {
  if (const auto wrong = wrong_with_reason(reason)) return std::unexpected(*wrong);
  Outcome<Order> outcome = std::unexpected(no_such_order(number));
  events_->change(number, [&](const OrderFacts* facts) -> OrderDecision {
    if (facts == nullptr) return {};
    const Order& order = facts->order;
    if (order.reason == FailureReason::kCancelled) {
      outcome = Applied<Order>{.result = order, .before = true};
      return {};
    }
    if (!order.active()) {
      const char* what = order.status == OrderStatus::kFailed ? " has failed" : " has expired";
      outcome = std::unexpected("order: order " + std::to_string(number.value) + what +
                                " and holds no unit; expected an active one");
      return {};
    }
    const bool paid = order.status == OrderStatus::kPaid;
    OrderEvent event{.order = number,
                     .kind = paid ? OrderEventKind::kRefundDue : OrderEventKind::kCancelled,
                     .actor = actor,
                     .reason = reason,
                     .at = now};
    OrderDecision decision;
    for (const Payment& payment : facts->payments) {
      if (payment.state != PaymentState::kKept) continue;
      decision.payments.push_back(going_back(payment, kCancelled, now));
      event.amount_cents = payment.amount_cents;
    }
    outcome = Applied<Order>{.result = after(order, event), .before = false};
    decision.event = std::move(event);
    return decision;
  });
  return outcome;
}

OrderChanges::Outcome<Payment> OrderChanges::pay(OrderNumber number,
                                                 const CapturedPayment& captured,
                                                 const std::string& actor, Instant now) {
  if (const auto wrong = wrong_with(captured)) return std::unexpected(*wrong);
  if (const auto other = known_as_other(number, captured)) return std::unexpected(*other);
  try {
    return record(number, captured, actor, now);
  } catch (const repositories::StorageError& error) {
    if (error.kind() != repositories::StorageError::Kind::kRefused) throw;
    // A payment of another order was recorded with that reference a moment ago.
    if (const auto other = known_as_other(number, captured)) return std::unexpected(*other);
    throw;
  }
}

std::optional<std::string> OrderChanges::known_as_other(OrderNumber number,
                                                        const CapturedPayment& captured) {
  const auto known = events_->payment(captured.reference);
  if (!known || (known->order == number && known->amount_cents == captured.amount_cents)) {
    return std::nullopt;
  }
  return "reference: " + captured.reference + " is known as a payment of " +
         std::to_string(known->amount_cents) + " cents for order " +
         std::to_string(known->order.value) +
         "; expected a payment that is new, or the same one again";
}

OrderChanges::Outcome<Payment> OrderChanges::record(OrderNumber number,
                                                    const CapturedPayment& captured,
                                                    const std::string& actor, Instant now) {
  Outcome<Payment> outcome = std::unexpected(no_such_order(number));
  events_->change(number, [&](const OrderFacts* facts) -> OrderDecision {
    if (facts == nullptr) return {};
    if (const Payment* before = find(facts->payments, captured.reference)) {
      outcome = Applied<Payment>{.result = *before, .before = true};
      return {};
    }
    Payment payment{.order = number,
                    .reference = captured.reference,
                    .amount_cents = captured.amount_cents,
                    .reason = {},
                    .at = now,
                    .changed_at = now};
    OrderDecision decision;
    if (const char* reason = why_not_kept(*facts, captured)) {
      payment = going_back(std::move(payment), reason, now);
    } else {
      decision.event = OrderEvent{.order = number,
                                  .kind = OrderEventKind::kPaid,
                                  .actor = actor,
                                  .reason = {},
                                  .at = now,
                                  .amount_cents = captured.amount_cents};
    }
    outcome = Applied<Payment>{.result = payment, .before = false};
    decision.payments.push_back(std::move(payment));
    return decision;
  });
  return outcome;
}

OrderChanges::Outcome<Payment> OrderChanges::refund(const std::string& reference,
                                                    const std::string& actor, Instant now) {
  const auto known = events_->payment(reference);
  if (!known) {
    return std::unexpected("reference: there is no payment " + reference +
                           "; expected the reference of one");
  }
  Outcome<Payment> outcome = std::unexpected(no_such_order(known->order));
  events_->change(known->order, [&](const OrderFacts* facts) -> OrderDecision {
    const Payment* payment = facts == nullptr ? nullptr : find(facts->payments, reference);
    if (payment == nullptr) return {};
    if (payment->state == PaymentState::kKept) {
      outcome = std::unexpected("reference: payment " + reference + " is kept by order " +
                                std::to_string(payment->order.value) +
                                "; expected one that is due to go back: cancel the order first");
      return {};
    }
    if (payment->state == PaymentState::kRefunded) {
      outcome = Applied<Payment>{.result = *payment, .before = true};
      return {};
    }
    Payment refunded = *payment;
    refunded.state = PaymentState::kRefunded;
    refunded.changed_at = now;
    outcome = Applied<Payment>{.result = refunded, .before = false};
    OrderDecision decision{.payments = {refunded}};
    // Another payment of the order may be due as well: it was paid twice.
    const bool of_the_order =
        facts->order.status == OrderStatus::kRefundDue && refunded.reason == kCancelled;
    if (of_the_order) {
      decision.event = OrderEvent{.order = known->order,
                                  .kind = OrderEventKind::kRefunded,
                                  .actor = actor,
                                  .reason = {},
                                  .at = now,
                                  .amount_cents = refunded.amount_cents};
    }
    return decision;
  });
  return outcome;
}

}  // namespace stampede::services::orders
