#pragma once

#include <optional>
#include <string>
#include <vector>

#include "repositories/catalog/catalog.h"
#include "repositories/catalog/units.h"

namespace stampede::services::catalog {

/// A sale as operators see it.
struct SaleLine {
  repositories::PositionByHolder units;  // with the sale
  std::string product_name;
};

/// Sales with what became of their units. Thread-safe; calls block.
class SaleOverview {
 public:
  SaleOverview(repositories::Catalog& catalog, repositories::UnitCounts& units)
      : catalog_(&catalog), units_(&units) {}

  /// Newest first.
  std::vector<SaleLine> sales();
  std::optional<SaleLine> sale(SaleId id);

 private:
  repositories::Catalog* catalog_;
  repositories::UnitCounts* units_;
};

}  // namespace stampede::services::catalog
