#include "controllers/showcase.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace stampede::controllers {
namespace {

using services::purchase::SaleView;

/// True if a product's page would look the same for both.
bool same_offer(const std::optional<Sale>& a, const std::optional<Sale>& b) {
  if (!a || !b) return !a && !b;
  const auto shown = [](const Sale& sale) {
    return std::tie(sale.id, sale.price_cents, sale.per_buyer_limit, sale.starts_at, sale.ends_at,
                    sale.captcha);
  };
  return shown(*a) == shown(*b);
}

int rank(SaleStatus status) {
  switch (status) {
    case SaleStatus::kOn:
      return 0;
    case SaleStatus::kUpcoming:
      return 1;
    case SaleStatus::kSoldOut:
      return 2;
    case SaleStatus::kEnded:
      return 3;
  }
  return 4;
}

views::SaleCard card_of(const SaleView& view, const Product& product) {
  return {
      .product = product.id,
      .product_name = product.name,
      .status = view.status,
      .price_cents = view.sale.price_cents,
      .starts_at = view.sale.starts_at,
      .ends_at = view.sale.ends_at,
      .list_price_cents = product.list_price_cents,
      .picture = product.pictures.empty() ? std::nullopt : std::optional(product.pictures.front())};
}

bool listed_before(const views::SaleCard& a, const views::SaleCard& b) {
  return std::tuple(rank(a.status), a.starts_at, a.product) <
         std::tuple(rank(b.status), b.starts_at, b.product);
}

}  // namespace

void Showcase::load(std::vector<Product> products) {
  const std::lock_guard guard(mutex_);
  std::map<ProductId, Exhibit> loaded;
  for (Product& product : products) {
    const ProductId id = product.id;
    const auto known = exhibits_.find(id);
    const bool unchanged = known != exhibits_.end() && known->second.product == product;
    loaded.emplace(id, unchanged
                           ? std::move(known->second)
                           : Exhibit{.product = std::move(product), .sale = {}, .document = {}});
  }
  exhibits_ = std::move(loaded);
}

std::optional<Document> Showcase::product(ProductId id, const std::optional<SaleView>& sale) {
  const std::optional<Sale> offer = sale ? std::optional(sale->sale) : std::nullopt;
  const std::lock_guard guard(mutex_);
  const auto found = exhibits_.find(id);
  if (found == exhibits_.end()) return std::nullopt;
  Exhibit& exhibit = found->second;
  if (!exhibit.document.html || !same_offer(exhibit.sale, offer)) {
    exhibit.sale = offer;
    exhibit.document = make_document(pages_->product({exhibit.product, offer}));
  }
  return exhibit.document;
}

Document Showcase::sales(std::span<const SaleView> sales) {
  const std::lock_guard guard(mutex_);
  std::vector<views::SaleCard> cards;
  cards.reserve(sales.size());
  for (const SaleView& view : sales) {
    const auto found = exhibits_.find(view.sale.product);
    if (found == exhibits_.end()) continue;  // added a moment ago: listed with the next load()
    cards.push_back(card_of(view, found->second.product));
  }
  std::ranges::sort(cards, listed_before);
  if (!list_.html || cards != cards_) {
    cards_ = std::move(cards);
    list_ = make_document(pages_->sale_list(cards_));
  }
  return list_;
}

}  // namespace stampede::controllers
