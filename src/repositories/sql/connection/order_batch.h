#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "repositories/orders/order_store.h"

namespace soci {
class session;
}

namespace stampede::repositories::sql {

/// Those steps of the consumer's transaction that touch as many rows as the batch has purchases.
/// SQLite is fastest with small prepared statements, a server with few large ones. As
/// OrderTransaction says of each; orders_of() answers the buyers' orders in the other sales of the
/// locked leases' products too (OtherSales). Throws soci::soci_error. For one thread.
class OrderBatch {
 public:
  virtual ~OrderBatch() = default;

  virtual void lock_buyers(std::span<const UserId> ascending) = 0;
  virtual std::vector<ChargedLease> lock_leases(std::span<const LeaseId> ascending) = 0;
  virtual std::vector<Order> orders_of(std::span<const SaleBuyer> ascending) = 0;
  virtual void insert(std::span<const Order> orders) = 0;
};

/// For SQLite: prepares each statement once and keeps it.
std::unique_ptr<OrderBatch> make_prepared_order_batch(soci::session& session);
/// For MariaDB: each statement is a text that names up to a thousand rows.
std::unique_ptr<OrderBatch> make_multi_row_order_batch(soci::session& session);

/// Calls visit(sale, pairs) with one run of `ascending` after the other, each of one sale and of at
/// most `most` pairs.
template <class Visit>
void for_each_chunk(std::span<const SaleBuyer> ascending, std::size_t most, Visit visit) {
  while (!ascending.empty()) {
    const SaleId sale = ascending.front().sale;
    const auto other =
        std::ranges::find_if(ascending, [&](const SaleBuyer& pair) { return pair.sale != sale; });
    const auto count = std::min(static_cast<std::size_t>(other - ascending.begin()), most);
    visit(sale, ascending.first(count));
    ascending = ascending.subspan(count);
  }
}

}  // namespace stampede::repositories::sql
