#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "model/catalog/picture.h"
#include "model/catalog/product.h"
#include "model/catalog/sale.h"
#include "model/idempotency_key.h"
#include "repositories/idempotent_request.h"
#include "services/audit/journal.h"
#include "services/catalog/catalog.h"
#include "services/catalog/pictures.h"
#include "services/operations/outcome.h"

namespace stampede::services::operations {

/// What operators do with products and sales, at the console and by the command line alike: each is
/// checked, made, written into the audit log and told. Running roles see a change within a second.
/// Thread-safe; calls block and throw repositories::StorageError. What it is given outlives it.
class CatalogOperations {
 public:
  template <class Result>
  using Applied = repositories::Applied<Result>;
  /// What is to be different; what it does not touch stays.
  template <class Thing>
  using Edit = std::function<void(Thing&)>;

  CatalogOperations(repositories::Catalog& catalog, repositories::Pictures& pictures,
                    audit::Journal& journal, catalog::Pictures::Render render = pictures::render)
      : catalog_(catalog), pictures_(pictures, std::move(render)), journal_(&journal) {}

  /// With a key: however often this is asked for, it is one product.
  Outcome<Applied<ProductId>> add_product(const Operator& who, const ProductDetails& facts,
                                          const std::optional<IdempotencyKey>& key = {});
  Outcome<void> change_product(const Operator& who, ProductId product,
                               const Edit<ProductDetails>& edit);
  Outcome<Picture> add_picture(const Operator& who, ProductId product, std::string_view alt,
                               std::string_view content);
  Outcome<void> remove_picture(const Operator& who, ProductId product, PictureId picture);

  /// Ignores sale.id and sale.unleased.
  Outcome<SaleId> create_sale(const Operator& who, const Sale& sale);
  /// New terms for a sale that has not started. `known`: only if it has so many units (none:
  /// however many).
  Outcome<void> change_sale(const Operator& who, SaleId sale, const Edit<Sale>& edit,
                            std::optional<std::int64_t> known = {});

  struct MoreStock {
    SaleId sale;
    std::int64_t units = 0;
    std::optional<std::int64_t> known;  // as above
    std::optional<IdempotencyKey> key;  // however often this is asked for, the units come once
  };
  /// How many units the sale has then.
  Outcome<Applied<std::int64_t>> add_stock(const Operator& who, const MoreStock& more);
  /// Ends it now. One that has ended stays as it is: `before`.
  Outcome<Applied<SaleId>> end_sale(const Operator& who, SaleId sale);

 private:
  catalog::Catalog catalog_;
  catalog::Pictures pictures_;
  audit::Journal* journal_;
};

}  // namespace stampede::services::operations
