#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "concurrency/mutex.h"
#include "repositories/orders/order_search.h"

namespace stampede::test_support {

/// The orders of a test: what it puts there before anybody asks. find() is thread-safe.
class FakeOrderSearch final : public repositories::OrderSearch {
 public:
  repositories::FoundOrders find(const repositories::OrderFilter& filter, OrderNumber before,
                                 std::size_t limit) override {
    before_each(note(filter));
    repositories::FoundOrders found;
    std::size_t examined = 0;
    for (auto line = orders.rbegin(); line != orders.rend(); ++line) {
      const Order& order = line->line.order;
      if (before && order.number >= before) continue;
      if (found.orders.size() == limit || examined++ == most_examined) {
        found.continue_before = {order.number.value + 1};
        break;
      }
      if (matches(filter, order)) found.orders.push_back(*line);
    }
    return found;
  }

  repositories::FoundOrder& add(std::int64_t number, UserId buyer,
                                FailureReason failure = FailureReason::kNone) {
    const bool active = failure == FailureReason::kNone;
    const Order order{.number = {number},
                      .sale = {3},
                      .buyer = buyer,
                      .intent = *IdempotencyKey::parse("0123456789abcdef"),
                      .slot = active ? std::optional<std::int32_t>(1) : std::nullopt,
                      .lease = {4},
                      .status = active ? OrderStatus::kSuccess : OrderStatus::kFailed,
                      .reason = failure,
                      .seq = number,
                      .created_at = *parse_rfc3339("2026-11-22T08:24:00Z")};
    orders.push_back({{order, ProductId{7}, "Lamp", 1999}, "alice"});
    return orders.back();
  }

  std::vector<repositories::FoundOrder> orders;  // in order of number
  std::size_t most_examined = 1'000'000;
  std::vector<repositories::OrderFilter> asked;  // to be read when no call is running
  std::function<void(std::size_t call)> before_each = [](std::size_t) {};

 private:
  /// Which call this is, from 1 on.
  std::size_t note(const repositories::OrderFilter& filter) {
    const concurrency::MutexLock lock(mutex_);
    asked.push_back(filter);
    return asked.size();
  }
  static bool matches(const repositories::OrderFilter& filter, const Order& order) {
    return (!filter.number || filter.number == order.number) &&
           (!filter.sale || filter.sale == order.sale) &&
           (!filter.buyer || filter.buyer == order.buyer) &&
           (!filter.status || filter.status == order.status) &&
           (!filter.from || *filter.from <= order.created_at) &&
           (!filter.to || order.created_at < *filter.to);
  }

  concurrency::Mutex mutex_;
};

}  // namespace stampede::test_support
