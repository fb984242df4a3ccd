#pragma once

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <vector>

#include "repositories/orders/orders.h"

namespace stampede::test_support {

/// The orders of a test: what it puts there. For one thread at a time.
class FakeOrders final : public repositories::Orders {
 public:
  repositories::PurchaseSnapshot purchase(SaleId sale, UserId buyer, const IdempotencyKey& intent,
                                          LeaseId lease) override {
    if (broken) throw std::runtime_error("disk gone");
    repositories::PurchaseSnapshot snapshot;
    snapshot.lease_open = lease == open_lease;
    for (const repositories::OrderLine& line : lines) {
      const Order& order = line.order;
      if (order.sale == sale && order.buyer == buyer && order.intent == intent) {
        snapshot.order = order;
      }
    }
    return snapshot;
  }
  std::vector<repositories::OrderLine> of_buyer(UserId buyer, OrderNumber before,
                                                std::size_t limit) override {
    if (broken) throw std::runtime_error("disk gone");
    std::vector<repositories::OrderLine> found;
    for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
      const bool wanted = line->order.buyer == buyer && line->order.active() &&
                          (!before || line->order.number < before);
      if (wanted && found.size() < limit) found.push_back(*line);
    }
    return found;
  }
  std::optional<repositories::OrderLine> find(OrderNumber number) override {
    const auto line = std::ranges::find(
        lines, number, [](const repositories::OrderLine& l) { return l.order.number; });
    return line == lines.end() ? std::nullopt : std::optional(*line);
  }
  std::vector<Order> since(std::int32_t, std::int64_t, std::size_t) override { return {}; }
  std::vector<ShardEnd> newest() override { return {}; }
  std::vector<std::int64_t> cursors_before_recent(Instant) override { return {}; }
  repositories::RecentSales recent_sales(Instant) override { return {}; }
  std::vector<Order> numbered(OrderNumber, OrderNumber, std::size_t) override { return {}; }

  std::vector<repositories::OrderLine> lines;  // in order of number
  LeaseId open_lease;
  bool broken = false;
};

}  // namespace stampede::test_support
