#pragma once

#include <algorithm>
#include <vector>

#include "repositories/orders/order_events.h"

namespace stampede::test_support {

/// Orders of a test, and what happens to them. For one thread at a time.
class FakeOrderEvents final : public repositories::OrderEvents {
 public:
  void change(OrderNumber number, const Decide& decide) override {
    const auto order = std::ranges::find(orders, number, &Order::number);
    auto event = decide(order == orders.end() ? nullptr : &*order);
    if (!event) return;
    event->seq = ++seq_;
    *order = after(*order, *event);
    events.push_back(*std::move(event));
  }
  std::vector<OrderEvent> of_order(OrderNumber number) override {
    std::vector<OrderEvent> found;
    std::ranges::copy_if(events, std::back_inserter(found),
                         [&](const OrderEvent& event) { return event.order == number; });
    return found;
  }
  std::vector<Order> changed(std::int32_t, std::int64_t, std::size_t) override { return {}; }

  std::vector<Order> orders;
  std::vector<OrderEvent> events;

 private:
  std::int64_t seq_ = 0;
};

}  // namespace stampede::test_support
