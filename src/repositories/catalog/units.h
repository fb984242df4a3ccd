#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/catalog/sale_position.h"
#include "model/stock_lease.h"

namespace stampede::repositories {

/// A sale's position, with the nodes that hold its leased units.
struct PositionByHolder : SalePosition {
  std::vector<LeasedByNode> leased_by_node;  // by node, then state; their unsold units are `leased`
};

/// Reads where the units are, without reading orders: as fast with a million of them as with one.
/// Thread-safe; calls block.
class UnitCounts {
 public:
  virtual ~UnitCounts() = default;

  virtual std::optional<PositionByHolder> units(SaleId sale) = 0;
  /// Of every sale that had not ended at `ended_after`, in order of id, all in one snapshot.
  virtual std::vector<PositionByHolder> recent_units(Instant ended_after) = 0;
};

}  // namespace stampede::repositories
