#include "services/purchase/sale_board.h"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>

namespace stampede::services::purchase {

std::shared_ptr<const SaleBook> SaleBoard::load(std::span<const Sale> sales) {
  for (const Sale& sale : sales) {
    if (sale.id.value <= 0 || sale.id.value > std::numeric_limits<std::uint32_t>::max()) {
      throw std::out_of_range("sale id " + std::to_string(sale.id.value) + " is not 1 to 2^32-1");
    }
  }
  const std::lock_guard lock(mutex_);
  book_ = std::make_shared<const SaleBook>(sales, *book_, listener_of_);
  return book_;
}

void SaleBoard::note_stock(SaleId sale, bool sold_out, Tick asked) {
  const auto current = book();
  if (const LiveSale* live = current->find(sale)) live->shelf->note_sold_out(sold_out, asked);
}

void SaleBoard::note_leased(std::span<const SaleId> leased, Instant asked) {
  const auto current = book();
  for (const LiveSale& live : current->all()) {
    const bool sold_from = std::ranges::find(leased, live.sale.id) != leased.end();
    live.shelf->note_concluded(live.sale.ended(asked) && !sold_from);
  }
  current->mark_followers();
}

void SaleBoard::note_settled(SaleId sale, std::optional<Instant> settled_at) {
  const auto current = book();
  if (const LiveSale* live = current->find(sale)) live->shelf->note_settled(settled_at);
}

std::optional<SaleView> SaleBoard::view(ProductId product, Now now) const {
  const auto current = book();
  const LiveSale* live = current->current(product, now.wall);
  if (live == nullptr) return std::nullopt;
  return SaleView{live->sale, live->status(now)};
}

std::vector<SaleView> SaleBoard::views(Now now) const {
  const auto current = book();
  std::vector<SaleView> views;
  for (const ProductId product : current->products()) {
    const LiveSale* live = current->current(product, now.wall);
    views.push_back({live->sale, live->status(now)});
  }
  return views;
}

}  // namespace stampede::services::purchase
