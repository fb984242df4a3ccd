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

/// No order of the sale can follow, and none of it gives a unit back: it has ended, or is settled
/// (SalePosition::settled_at), and all its holds have run out since. The one rule of which sales
/// still matter; in SQL it is SaleRow::not_over() (repositories/sql/connection/rows.h).
inline bool is_over(const Sale& sale, std::optional<Instant> settled_at, Instant now) {
  return sale.ended_with_holds(now) || (settled_at && sale.holds_ran_out(*settled_at, now));
}

/// How many units of a sale are where.
struct UnitsByPlace {
  std::int64_t quantity = 0;  // T: the units ever put on sale
  std::int64_t unleased = 0;  // in no lease and no order
  std::int64_t leased = 0;    // in leases that are not closed, and not sold
  std::int64_t sold = 0;      // active orders
  std::int64_t failed = 0;    // purchases that became no active order; they hold no unit

  /// Nothing is left to sell, and no purchase under way can bring a unit back.
  bool sold_out() const { return unleased == 0 && leased == 0; }
  /// Units that are somewhere; in a balanced position all that were put on sale (I1).
  std::int64_t accounted() const { return unleased + leased + sold; }
  bool balanced() const { return accounted() == quantity; }
  friend bool operator==(const UnitsByPlace&, const UnitsByPlace&) = default;
};

/// Where every unit of a sale is, as one snapshot of the database shows it.
struct SalePosition {
  Sale sale;  // with the units ever put on sale, and the unleased ones
  std::int64_t leased = 0, sold = 0, failed = 0;  // as in UnitsByPlace
  /// Since when all its leases are closed and nothing is left; none: units are leased or unleased.
  std::optional<Instant> settled_at = std::nullopt;

  /// Of a sale with so many leased units. As sold count those that are neither leased nor unleased.
  static SalePosition from_stock(const Sale& sale, std::int64_t leased) {
    return {.sale = sale, .leased = leased, .sold = sale.quantity - sale.unleased - leased};
  }

  UnitsByPlace units() const { return {sale.quantity, sale.unleased, leased, sold, failed}; }
  SaleStatus status(Instant now) const { return status_of(sale, sold_out(), now); }
  bool sold_out() const { return units().sold_out(); }
  std::int64_t accounted() const { return units().accounted(); }
  bool balanced() const { return units().balanced(); }
};

}  // namespace stampede
