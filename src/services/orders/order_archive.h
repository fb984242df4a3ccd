#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "repositories/orders/order_search.h"

namespace stampede::services::orders {

/// A search as an operator typed it; what is empty does not count.
struct OrderQuery {
  std::string number;
  std::string sale;
  std::string buyer;
  std::string status;  // as to_string(OrderStatus) has it
  std::string from;    // 2026-11-22, 2026-11-22T08:24 (both UTC), or RFC 3339
  std::string to;      // likewise
};

/// The filter, or a sentence for each field that is wrong.
std::expected<repositories::OrderFilter, std::vector<std::string>> parse(const OrderQuery& query);

/// What operators see of orders: everybody's, failed ones too. Thread-safe; calls block.
class OrderArchive {
 public:
  explicit OrderArchive(repositories::OrderSearch& search) : search_(&search) {}

  /// As repositories::OrderSearch::find().
  repositories::FoundOrders find(const repositories::OrderFilter& filter, OrderNumber before,
                                 std::size_t limit) {
    return search_->find(filter, before, limit);
  }
  std::optional<repositories::FoundOrder> find(OrderNumber number);

 private:
  repositories::OrderSearch* search_;
};

}  // namespace stampede::services::orders
