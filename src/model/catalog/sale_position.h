#pragma once

#include <cstdint>
#include <optional>

#include "model/catalog/sale.h"
#include "model/time.h"

namespace stampede {

/// What buyers and operators are told of a sale: the one rule. A sale that has ended is ended,
/// whether or not anything of it is left.
inline SaleStatus status_of(const Sale& sale, bool sold_out, Instant now) {
  if (sale.ended(now)) return SaleStatus::kEnded;
  if (!sale.started(now)) return SaleStatus::kUpcoming;
  return sold_out ? SaleStatus::kSoldOut : SaleStatus::kOn;
}

/// Nothing is left to sell, and no purchase under way can bring a unit back: of the units that are
/// not leased, and of those that are leased and not sold.
constexpr bool is_sold_out(std::int64_t unleased, std::int64_t leased) {
  return unleased == 0 && leased == 0;
}

/// Where every unit of a sale is, as one snapshot of the database shows it.
struct SalePosition {
  Sale sale;                // with the units ever put on sale, and the unleased ones
  std::int64_t leased = 0;  // in leases that are not closed, and not sold
  std::int64_t sold = 0;    // active orders
  std::int64_t failed = 0;  // purchases that became no active order; they hold no unit
  /// Since when all its leases are closed and nothing is left; none: units are leased or unleased.
  std::optional<Instant> settled_at = std::nullopt;

  SaleStatus status(Instant now) const { return status_of(sale, sold_out(), now); }
  bool sold_out() const { return is_sold_out(sale.unleased, leased); }
  /// Units that are somewhere; in a balanced position all that were put on sale (I1).
  std::int64_t accounted() const { return sale.unleased + leased + sold; }
  bool balanced() const { return accounted() == sale.quantity; }
};

}  // namespace stampede
