#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/sale_position.h"
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

/// A position with who holds its leased units.
struct SaleUnits : SalePosition {
  std::vector<Holding> holdings;  // by node, then state; their unsold units are `leased`
};

/// Reads where the units are, without reading orders: as fast with a million of them as with one.
/// Thread-safe; calls block.
class UnitCounts {
 public:
  virtual ~UnitCounts() = default;

  virtual std::optional<SaleUnits> units(SaleId sale) = 0;
  /// Of every sale that had not ended at `ended_after`, in order of id, all in one snapshot.
  virtual std::vector<SaleUnits> recent_units(Instant ended_after) = 0;
};

}  // namespace stampede::repositories
