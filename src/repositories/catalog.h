#pragma once

#include <expected>
#include <optional>
#include <string_view>
#include <vector>

#include "model/product.h"
#include "model/sale.h"

namespace stampede::repositories {

enum class CreateSaleError { kUnknownProduct, kAnotherSaleRuns };

/// Products and sales. Thread-safe; calls block.
class Catalog {
 public:
  virtual ~Catalog() = default;

  virtual ProductId add_product(std::string_view name, std::string_view description,
                                Instant now) = 0;
  virtual std::vector<Product> products() = 0;  // in order of id
  virtual std::optional<Product> product(ProductId id) = 0;

  /// Ignores sale.id; all units begin unleased. A product has one sale at a time: refused while
  /// the windows [starts_at, ends_at) of another of its sales and of this one overlap.
  virtual std::expected<SaleId, CreateSaleError> create_sale(const Sale& sale, Instant now) = 0;
  virtual std::vector<Sale> sales() = 0;  // in order of id
  virtual std::optional<Sale> sale(SaleId id) = 0;
  /// Ends it at `now` unless it ended before; false for an unknown sale. A sale that had not begun
  /// begins and ends at `now`.
  virtual bool end_sale(SaleId id, Instant now) = 0;
};

}  // namespace stampede::repositories
