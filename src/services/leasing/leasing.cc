#include "services/leasing/leasing.h"

#include "model/retention.h"

namespace stampede::services::leasing {

std::vector<queue::Message> Leasing::fence_left_over() {
  std::vector<queue::Message> markers;
  for (const StockLease& lease : leases_->not_closed()) {
    leases_->fence(lease.id);
    markers.emplace_back(queue::CloseMarker{lease.id});
  }
  return markers;
}

/// Before that, a merchant may still take units back.
bool Leasing::due(SaleId sale, Instant now) const {
  const auto sales = checkout_->catalog().snapshot();
  const purchase::CatalogSale* entry = sales->find(sale);
  return entry != nullptr && !entry->sale.ended(now) && entry->sale.terms_fixed(now);
}

void Leasing::review(Now now, bool orders_known) {
  // Those that ended lately too: whether their leases are closed decides what their buyers are
  // told.
  const auto positions = leases_->stock(now.wall - kRetention);
  std::vector<SaleId> open;
  for (const SalePosition& position : positions) {
    checkout_->catalog().note_position(position, now);
    if (position.leased > 0 || !orders_known) open.push_back(position.sale.id);
  }
  checkout_->catalog().note_leased(open, now.wall);
  for (const SalePosition& position : positions) {
    const Sale& sale = position.sale;
    if (sale.unleased == 0 || !due(sale.id, now.wall)) continue;
    const auto lease = leases_->grant(sale.id, sale.unleased, now.wall);
    if (!lease) continue;  // the stock changed meanwhile: the next review sees it
    if (!checkout_->catalog().add_lease(sale.id, *lease, sale.unleased, now)) {
      // The sale ended between the two: its units go straight back.
      queue_->publish(queue::CloseMarker{*lease});
    }
  }
}

}  // namespace stampede::services::leasing
