#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/sale.h"
#include "model/stock_lease.h"

namespace stampede::repositories {

/// Leases of one node in one state that are not closed.
struct Holding {
  std::string node;  // as the ring names it; empty in `serve`
  LeaseState state = LeaseState::kOpen;
  std::int64_t granted = 0;
  std::int64_t sold = 0;  // of them

  std::int64_t unsold() const { return granted - sold; }
  friend bool operator==(const Holding&, const Holding&) = default;
};

/// Where every unit of a sale is, in one snapshot (docs/design.md#invariants).
struct SaleUnits {
  Sale sale;                      // with T and U
  std::vector<Holding> holdings;  // by node, then state
  std::int64_t sold = 0;          // charged to leases, closed ones too: |Live|, without counting it
  std::int64_t failed = 0;        // purchases that became no live order

  std::int64_t leased_unsold() const {
    std::int64_t sum = 0;
    for (const Holding& holding : holdings) sum += holding.unsold();
    return sum;
  }
  /// I1: no unit is in two places or in none.
  bool balanced() const { return sale.quantity == sale.unleased + leased_unsold() + sold; }
};

/// Reads where the units are, without reading orders: as fast with a million of them as with one.
/// Thread-safe; calls block.
class UnitLedger {
 public:
  virtual ~UnitLedger() = default;

  virtual std::optional<SaleUnits> units(SaleId sale) = 0;
  /// Of every sale that had not ended at `ended_after`, in order of id, all in one snapshot.
  virtual std::vector<SaleUnits> recent_units(Instant ended_after) = 0;
};

}  // namespace stampede::repositories
