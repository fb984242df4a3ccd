#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/product.h"
#include "model/sale.h"
#include "repositories/catalog.h"

namespace stampede::services::catalog {

/// Products and sales, with their rules: ranges, UTF-8, windows. Thread-safe; calls block.
/// Errors are sentences that name the field, the value and what was expected.
class Catalog {
 public:
  explicit Catalog(repositories::Catalog& repository) : repository_(&repository) {}

  std::expected<ProductId, std::string> add_product(std::string_view name,
                                                    std::string_view description, Instant now);
  std::vector<Product> products();
  std::optional<Product> product(ProductId id);

  /// Ignores sale.id and sale.unleased.
  std::expected<SaleId, std::string> create_sale(Sale sale, Instant now);
  std::vector<Sale> sales();
  std::optional<Sale> sale(SaleId id);
  /// False for an unknown sale.
  bool end_sale(SaleId id, Instant now);

 private:
  repositories::Catalog* repository_;
};

}  // namespace stampede::services::catalog
