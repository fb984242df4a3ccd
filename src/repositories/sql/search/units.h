#pragma once

#include "repositories/catalog/units.h"
#include "repositories/sql/connection/database.h"

namespace stampede::repositories::sql {

/// Counts units in SQL, as repositories/catalog/units.h says. Thread-safe; database outlives it.
class SqlUnitCounts final : public UnitCounts {
 public:
  explicit SqlUnitCounts(Database& database) : database_(database) {}

  std::optional<PositionByHolder> units(SaleId sale) override;
  std::vector<PositionByHolder> recent_units(Instant ended_after) override;

 private:
  Database& database_;
};

}  // namespace stampede::repositories::sql
