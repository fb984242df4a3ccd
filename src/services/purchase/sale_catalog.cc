#include "services/purchase/sale_catalog.h"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>

namespace stampede::services::purchase {

std::shared_ptr<const CatalogSnapshot> SaleCatalog::load(std::span<const Sale> sales) {
  for (const Sale& sale : sales) {
    if (sale.id.value <= 0 || sale.id.value > std::numeric_limits<std::uint32_t>::max()) {
      throw std::out_of_range("sale id " + std::to_string(sale.id.value) + " is not 1 to 2^32-1");
    }
  }
  return snapshot_.with([&](auto& snapshot) {
    snapshot = std::make_shared<const CatalogSnapshot>(sales, *snapshot, listener_of_);
    return snapshot;
  });
}

bool SaleCatalog::add_lease(SaleId sale, LeaseId lease, std::int64_t units, Now now,
                            std::optional<Tick> deadline) {
  const auto current = snapshot();
  const CatalogSale* found = current->find(sale);
  if (found == nullptr || found->sale.ended(now.wall)) return false;
  found->units->stock.add(lease, units, deadline, now.tick);
  return true;
}

void SaleCatalog::fence(SaleId sale, LeaseId lease) {
  const auto current = snapshot();
  const CatalogSale* found = current->find(sale);
  if (found == nullptr) return;
  found->units->stock.fence_if([&](const stock::Stock::Held& held) { return held.lease == lease; });
}

void SaleCatalog::close_ended(Instant now) {
  const auto current = snapshot();
  for (const CatalogSale& entry : current->all()) {
    if (entry.sale.ended(now)) entry.units->stock.fence();
  }
}

void SaleCatalog::stop_selling() {
  const auto current = snapshot();
  for (const CatalogSale& entry : current->all()) entry.units->stock.fence();
}

std::int64_t SaleCatalog::available() const {
  const auto current = snapshot();
  std::int64_t units = 0;
  for (const CatalogSale& entry : current->all()) units += entry.units->stock.available();
  return units;
}

void SaleCatalog::note_position(const SalePosition& position, Now asked) {
  const auto current = snapshot();
  const CatalogSale* found = current->find(position.sale.id);
  if (found == nullptr) return;
  found->units->note_sold_out(position.sold_out(), asked.tick);
  found->units->note_settled(position.settled_at);
  // If units are added, it is settled no more, and its buyers stay unknown.
  if (found->keys_forgotten(asked.wall)) found->units->note_keys_forgotten();
}

void SaleCatalog::doubt_sold_out() {
  const auto current = snapshot();
  for (const CatalogSale& entry : current->all()) entry.units->note_sold_out(false, {});
}

void SaleCatalog::note_not_loaded(const CatalogSnapshot& sales, std::span<const SaleId> loaded) {
  for (const CatalogSale& entry : sales.all()) {
    if (!std::ranges::binary_search(loaded, entry.sale.id)) entry.units->note_keys_forgotten();
  }
}

void SaleCatalog::note_leased(std::span<const SaleId> leased, Instant asked) {
  const auto current = snapshot();
  for (const CatalogSale& entry : current->all()) {
    const bool sold_from = std::ranges::find(leased, entry.sale.id) != leased.end();
    entry.units->note_concluded(entry.sale.ended(asked) && !sold_from);
  }
  current->mark_followers();
}

std::optional<SaleView> SaleCatalog::view(ProductId product, Now now) const {
  const auto current = snapshot();
  const CatalogSale* found = current->current(product, now.wall);
  if (found == nullptr) return std::nullopt;
  return SaleView{found->sale, found->status(now)};
}

std::vector<SaleView> SaleCatalog::views(Now now) const {
  const auto current = snapshot();
  std::vector<SaleView> views;
  for (const ProductId product : current->products()) {
    const CatalogSale* found = current->current(product, now.wall);
    views.push_back({found->sale, found->status(now)});
  }
  return views;
}

}  // namespace stampede::services::purchase
