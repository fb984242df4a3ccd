#include "controllers/shop/shared_pages.h"

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

void SharedPages::load(std::vector<Product> products) {
  const concurrency::MutexLock guard(mutex_);
  std::map<ProductId, ProductPage> loaded;
  for (Product& product : products) {
    const ProductId id = product.id;
    const auto known = product_pages_.find(id);
    const bool unchanged = known != product_pages_.end() && known->second.product == product;
    loaded.emplace(
        id, unchanged ? std::move(known->second)
                      : ProductPage{.product = std::move(product), .sale = {}, .document = {}});
  }
  product_pages_ = std::move(loaded);
}

std::optional<Document> SharedPages::product(ProductId id, const std::optional<SaleView>& sale) {
  const std::optional<Sale> offer = sale ? std::optional(sale->sale) : std::nullopt;
  const concurrency::MutexLock guard(mutex_);
  const auto found = product_pages_.find(id);
  if (found == product_pages_.end()) return std::nullopt;
  ProductPage& page = found->second;
  if (!page.document.html || !same_offer(page.sale, offer)) {
    page.sale = offer;
    page.document = make_document(pages_->product({page.product, offer}));
  }
  return page.document;
}

Document SharedPages::sales(std::span<const SaleView> sales) {
  const concurrency::MutexLock guard(mutex_);
  std::vector<views::SaleCard> cards;
  cards.reserve(sales.size());
  for (const SaleView& view : sales) {
    const auto found = product_pages_.find(view.sale.product);
    if (found == product_pages_.end()) continue;  // a new product: listed after the next load()
    cards.push_back(card_of(view, found->second.product));
  }
  std::ranges::sort(cards, listed_before);
  if (!list_.html || cards != cards_) {
    cards_ = std::move(cards);
    list_ = make_document(pages_->sale_list(cards_));
  }
  return list_;
}

std::shared_ptr<const std::string> SharedPages::busy(const Refusal& refusal) {
  const auto build = [&] {
    return std::make_shared<const std::string>(
        pages_->message({refusal.title, refusal.detail, refusal.retry_after}));
  };
  if (refusal.retry_after > kLongestWait) return build();
  const concurrency::MutexLock guard(busy_mutex_);
  auto& kept = busy_.at(static_cast<std::size_t>(refusal.retry_after.count()));
  if (!kept) kept = build();
  return kept;
}

}  // namespace stampede::controllers
