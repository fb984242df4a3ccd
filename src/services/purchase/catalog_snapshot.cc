#include "services/purchase/catalog_snapshot.h"

#include <algorithm>

namespace stampede::services::purchase {

CatalogSnapshot::CatalogSnapshot(std::span<const Sale> sales, const CatalogSnapshot& previous,
                                 const ListenerOf& listener_of) {
  for (const Sale& sale : sales) {
    const CatalogSale* known = previous.find(sale.id);
    sales_.push_back({sale, known != nullptr ? known->units
                                             : std::make_shared<SaleUnits>(listener_of(sale.id))});
  }
  std::ranges::sort(sales_, {}, [](const CatalogSale& entry) { return entry.sale.id; });
  for (std::size_t i = 0; i < sales_.size(); ++i) {
    by_id_.emplace(sales_[i].sale.id, i);
    by_product_[sales_[i].sale.product].push_back(i);
  }
  for (auto& [product, indices] : by_product_) {
    std::ranges::sort(indices, {}, [&](std::size_t i) { return sales_[i].sale.starts_at; });
  }
  mark_followers();
}

void CatalogSnapshot::mark_followers() const {
  for (const auto& [product, by_start] : by_product_) {
    bool open = false;
    for (const std::size_t index : by_start) {
      SaleUnits& units = *sales_[index].units;
      units.note_earlier_open(open);
      open = open || !units.concluded();
    }
  }
}

const CatalogSale* CatalogSnapshot::find(SaleId sale) const {
  const auto found = by_id_.find(sale);
  return found == by_id_.end() ? nullptr : &sales_[found->second];
}

const CatalogSale* CatalogSnapshot::current(ProductId product, Instant now) const {
  const auto found = by_product_.find(product);
  if (found == by_product_.end()) return nullptr;
  // Windows of one product do not overlap: by start, the first that has not ended is on or next.
  for (const std::size_t index : found->second) {
    if (!sales_[index].sale.ended(now)) return &sales_[index];
  }
  return &sales_[found->second.back()];
}

std::vector<ProductId> CatalogSnapshot::products() const {
  std::vector<ProductId> products;
  for (const auto& [product, indices] : by_product_) products.push_back(product);
  std::ranges::sort(products);
  return products;
}

}  // namespace stampede::services::purchase
