#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "repositories/orders/orders.h"

namespace stampede::repositories {

/// Which orders are looked for. A member that is not set allows every order.
struct OrderFilter {
  OrderNumber number;
  SaleId sale;
  UserId buyer;
  std::optional<OrderStatus> status;
  std::optional<Instant> from;  // created at or after
  std::optional<Instant> to;    // created before

  friend bool operator==(const OrderFilter&, const OrderFilter&) = default;
};

struct FoundOrder {
  OrderLine line;
  std::string buyer_name;  // empty if there is no such user any more
};

struct FoundOrders {
  std::vector<FoundOrder> orders;  // newest first
  /// The `before` of the next call, which finds older orders; not set: there are none. If it is
  /// set and `orders` has fewer than `limit`, the search stopped at kMostExamined rows.
  OrderNumber continue_before;
};

/// Finds orders for operators, however many there are. A call looks at kMostExamined rows at most
/// along the primary key, or at those of one buyer: `orders` has no index by anything else, which
/// each order of a rush would have to pay for. Thread-safe; calls block.
class OrderSearch {
 public:
  static constexpr std::int64_t kMostExamined = 200'000;

  virtual ~OrderSearch() = default;

  /// Failed ones too; at most `limit`, numbers below `before` if it is set.
  virtual FoundOrders find(const OrderFilter& filter, OrderNumber before, std::size_t limit) = 0;
};

}  // namespace stampede::repositories
