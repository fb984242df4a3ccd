#pragma once

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "repositories/orders/order_events.h"

namespace stampede::test_support {

/// Orders of a test, and what happens to them. For one thread at a time.
class FakeOrderEvents final : public repositories::OrderEvents {
 public:
  void change(OrderNumber number, const Decide& decide) override {
    const auto order = std::ranges::find(orders, number, &Order::number);
    if (order == orders.end()) {
      decide(nullptr);
      return;
    }
    const repositories::OrderFacts facts{
        .order = *order, .sale = sale, .payments = payments_of(number)};
    auto decision = decide(&facts);
    for (Payment& payment : decision.payments) {
      const auto known = std::ranges::find(payments, payment.reference, &Payment::reference);
      if (known == payments.end()) {
        payments.push_back(std::move(payment));
      } else {
        *known = std::move(payment);
      }
    }
    if (!decision.event) return;
    decision.event->seq = ++seq_;
    *order = after(*order, *decision.event);
    events.push_back(*std::move(decision.event));
  }
  Instant now() override { return {}; }
  repositories::ExpiredHolds expire(const repositories::HoldsOf&, Instant, Instant,
                                    std::size_t) override {
    return {};
  }
  std::vector<repositories::HoldsOf> holds(Instant) override { return {}; }
  std::vector<OrderEvent> of_order(OrderNumber number) override {
    std::vector<OrderEvent> found;
    std::ranges::copy_if(events, std::back_inserter(found),
                         [&](const OrderEvent& event) { return event.order == number; });
    return found;
  }
  std::vector<Order> changed(std::int32_t, std::int64_t, std::size_t) override { return {}; }
  std::optional<Payment> payment(const std::string& reference) override {
    const auto found = std::ranges::find(payments, reference, &Payment::reference);
    return found == payments.end() ? std::nullopt : std::optional{*found};
  }
  std::vector<Payment> payments_of(OrderNumber number) override {
    std::vector<Payment> found;
    std::ranges::copy_if(payments, std::back_inserter(found),
                         [&](const Payment& payment) { return payment.order == number; });
    return found;
  }

  Sale sale{};  // of every order
  std::vector<Order> orders;
  std::vector<OrderEvent> events;
  std::vector<Payment> payments;

 private:
  std::int64_t seq_ = 0;
};

}  // namespace stampede::test_support
