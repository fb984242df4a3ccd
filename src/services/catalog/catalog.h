#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "model/catalog/product.h"
#include "model/catalog/sale.h"
#include "repositories/catalog/catalog.h"

namespace stampede::services::catalog {

/// Products and sales, with their rules: ranges, UTF-8, windows, and what may change when.
/// Thread-safe; calls block. Errors are sentences that name the field, the value and what was
/// expected.
class Catalog {
 public:
  explicit Catalog(repositories::Catalog& repository) : repository_(&repository) {}

  template <class Result>
  using Applied = repositories::Applied<Result>;

  /// With a key: however often this is asked for, it is one product.
  std::expected<Applied<ProductId>, std::string> add_product(
      const ProductDetails& facts, Instant now, const std::optional<IdempotencyKey>& key = {});
  std::expected<void, std::string> change_product(ProductId id, const ProductDetails& facts);
  std::vector<Product> products();
  std::optional<Product> product(ProductId id);

  /// Ignores sale.id and sale.unleased.
  std::expected<SaleId, std::string> create_sale(const Sale& sale, Instant now);
  /// Gives sale.id new terms if it has as many units as `known` says, until Sale::kTermsFixed
  /// before its start and only while none is leased or sold. Ignores sale.product and
  /// sale.unleased. That it has other than `known` units is said before anything else.
  std::expected<void, std::string> change_sale(const Sale& sale, std::int64_t known, Instant now);
  /// More units for a sale that has not ended, if it has as many as `known` says (none: however
  /// many); answers how many it has then. With a key: however often this is asked for, the units
  /// are added once.
  std::expected<Applied<std::int64_t>, std::string> add_stock(
      SaleId id, std::int64_t units, Instant now, std::optional<std::int64_t> known = std::nullopt,
      const std::optional<IdempotencyKey>& key = {});
  repositories::ListedSales sales();
  std::optional<Sale> sale(SaleId id);
  /// False for an unknown sale.
  bool end_sale(SaleId id, Instant now);

 private:
  repositories::Catalog* repository_;
};

}  // namespace stampede::services::catalog
