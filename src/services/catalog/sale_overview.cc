#include "services/catalog/sale_overview.h"

#include <algorithm>
#include <utility>

namespace stampede::services::catalog {

std::vector<SaleLine> SaleOverview::sales() {
  const auto products = catalog_->products();
  std::vector<SaleLine> lines;
  for (auto& units : units_->recent_units(Instant{})) {
    const auto product = std::ranges::find(products, units.sale.product, &Product::id);
    lines.push_back({std::move(units), product == products.end() ? "" : product->name});
  }
  std::ranges::reverse(lines);
  return lines;
}

std::optional<SaleLine> SaleOverview::sale(SaleId id) {
  auto units = units_->units(id);
  if (!units) return std::nullopt;
  const auto product = catalog_->product(units->sale.product);
  return SaleLine{*std::move(units), product ? product->name : ""};
}

}  // namespace stampede::services::catalog
