#include "services/leasing/leasing.h"

namespace stampede::services::leasing {
namespace {

/// As long as the intents of a sale are kept after its end.
constexpr std::chrono::hours kEndedLately{24};

}  // namespace

void Leasing::close_left_over() {
  for (const StockLease& lease : leases_->not_closed()) {
    leases_->fence(lease.id);
    queue_->publish(queue::CloseMarker{lease.id});
  }
}

/// Before that, a merchant may still take units back.
bool Leasing::due(SaleId sale, Instant now) const {
  const auto book = checkout_->board().book();
  const purchase::LiveSale* live = book->find(sale);
  return live != nullptr && !live->sale.ended(now) && live->sale.terms_stand(now);
}

void Leasing::review(Now now) {
  // Those that ended lately too: whether their leases are closed decides what their buyers are
  // told.
  const auto stocks = leases_->stock(now.wall - kEndedLately);
  std::vector<SaleId> leased;
  for (const auto& stock : stocks) {
    checkout_->board().note_stock(stock.sale, stock.sold_out(), now.tick);
    if (stock.leased_unsold > 0) leased.push_back(stock.sale);
  }
  checkout_->board().note_leased(leased, now.wall);
  for (const auto& stock : stocks) {
    if (stock.unleased == 0 || !due(stock.sale, now.wall)) continue;
    const auto lease = leases_->grant(stock.sale, stock.unleased, now.wall);
    if (!lease) continue;  // the stock changed meanwhile: the next review sees it
    if (!checkout_->add_lease(stock.sale, *lease, stock.unleased, now)) {
      // The sale ended between the two: its units go straight back.
      queue_->publish(queue::CloseMarker{*lease});
    }
  }
}

}  // namespace stampede::services::leasing
