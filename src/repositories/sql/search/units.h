#pragma once

#include "repositories/sql/connection/database.h"
#include "repositories/units.h"

namespace stampede::repositories::sql {

/// Counts units in SQL, as repositories/units.h says. Thread-safe; database outlives it.
class SqlUnitCounts final : public UnitCounts {
 public:
  explicit SqlUnitCounts(Database& database) : database_(database) {}

  std::optional<PositionByHolder> units(SaleId sale) override;
  std::vector<PositionByHolder> recent_units(Instant ended_after) override;

 private:
  Database& database_;
};

}  // namespace stampede::repositories::sql
