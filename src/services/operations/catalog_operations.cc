#include "services/operations/catalog_operations.h"

#include <fmt/format.h>

#include "services/catalog/subjects.h"

namespace stampede::services::operations {
namespace {

using catalog::subject_of;

std::string no_such_product(ProductId product) {
  return fmt::format("product: there is no product {}; expected the id of one", product.value);
}

std::string no_such_sale(SaleId sale) {
  return fmt::format("sale: there is no sale {}; expected the id of one", sale.value);
}

}  // namespace

Outcome<repositories::Applied<ProductId>> CatalogOperations::add_product(
    const Operator& who, const ProductDetails& facts, const std::optional<IdempotencyKey>& key) {
  auto added = catalog_.add_product(facts, who.now.wall, key);
  if (added && !added->before) journal_->record(who, "product add", subject_of(added->result));
  return added;
}

Outcome<void> CatalogOperations::change_product(const Operator& who, ProductId product,
                                                const Edit<ProductDetails>& edit) {
  const auto stored = catalog_.product(product);
  if (!stored) return std::unexpected(no_such_product(product));
  ProductDetails facts{stored->name, stored->description, stored->list_price_cents};
  edit(facts);
  auto changed = catalog_.change_product(product, facts);
  if (changed) journal_->record(who, "product change", subject_of(product));
  return changed;
}

Outcome<Picture> CatalogOperations::add_picture(const Operator& who, ProductId product,
                                                std::string_view alt, std::string_view content) {
  auto picture = pictures_.add(product, alt, content, who.now.wall);
  if (picture) journal_->record(who, "product picture add", subject_of(product, picture->name));
  return picture;
}

Outcome<void> CatalogOperations::remove_picture(const Operator& who, ProductId product,
                                                PictureId picture) {
  if (!pictures_.remove(product, picture)) {
    return std::unexpected(
        fmt::format("picture: product {} has no picture {}; expected the id of one of its own",
                    product.value, picture.value));
  }
  journal_->record(who, "product picture remove",
                   subject_of(product, std::to_string(picture.value)));
  return {};
}

Outcome<SaleId> CatalogOperations::create_sale(const Operator& who, const Sale& sale) {
  const auto id = catalog_.create_sale(sale, who.now.wall);
  if (!id) return id;
  Sale created = sale;
  created.id = *id;
  journal_->record(who, "sale create", subject_of(created));
  return id;
}

Outcome<void> CatalogOperations::change_sale(const Operator& who, SaleId id, const Edit<Sale>& edit,
                                             std::optional<std::int64_t> known) {
  auto sale = catalog_.sale(id);
  if (!sale) return std::unexpected(no_such_sale(id));
  const std::int64_t units = known.value_or(sale->quantity);
  edit(*sale);
  auto changed = catalog_.change_sale(*sale, units, who.now.wall);
  if (changed) journal_->record(who, "sale change", subject_of(*sale));
  return changed;
}

Outcome<repositories::Applied<std::int64_t>> CatalogOperations::add_stock(const Operator& who,
                                                                          const MoreStock& more) {
  auto added = catalog_.add_stock(more.sale, more.units, who.now.wall, more.known, more.key);
  if (added && !added->before) {
    journal_->record(who, "sale add-stock", subject_of(more.sale, more.units, added->result));
  }
  return added;
}

Outcome<repositories::Applied<SaleId>> CatalogOperations::end_sale(const Operator& who, SaleId id) {
  const auto sale = catalog_.sale(id);
  if (!sale) return std::unexpected(no_such_sale(id));
  if (sale->ended(who.now.wall)) return Applied<SaleId>{.result = id, .before = true};
  catalog_.end_sale(id, who.now.wall);
  journal_->record(who, "sale end", subject_of(id));
  return Applied<SaleId>{.result = id};
}

}  // namespace stampede::services::operations
