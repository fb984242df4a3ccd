#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "repositories/orders/order_store.h"

namespace stampede::repositories::sql {

/// The other sales of the products that one consumer's transaction sells: an intent may have become
/// an order in one of them. Where a product has one sale that had orders, which is mostly so, there
/// is nothing more to look up. Not thread-safe.
class OtherSales {
 public:
  /// A column for the SELECT that locks the leases: the list that note() takes. A sale of which no
  /// unit ever left has no orders. `sale` is an expression, the lease's sale.
  static std::string column(std::string_view sale);

  /// For the next transaction.
  void clear() { others_.clear(); }
  /// "2,3": those of the product of `sale`. Throws StorageError for any other text.
  void note(SaleId sale, std::string_view list);

  /// `ascending`, and the same buyers in the other sales; ascending, each once. What is answered
  /// lives until the next call, and as long as `ascending`.
  std::span<const SaleBuyer> with_others(std::span<const SaleBuyer> ascending);

 private:
  std::map<SaleId, std::vector<SaleId>> others_;  // only of sales that have some
  std::vector<SaleBuyer> all_;
};

}  // namespace stampede::repositories::sql
