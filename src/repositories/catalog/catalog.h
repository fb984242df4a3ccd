#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <vector>

#include "model/catalog/product.h"
#include "model/catalog/sale.h"
#include "repositories/idempotent_request.h"

namespace stampede::repositories {

enum class CreateSaleError { kUnknownProduct, kAnotherSaleRuns };
enum class ChangeSaleError {
  kUnknownSale,
  kTermsFixed,
  kUnitsAreLeased,
  kChangedMeanwhile,
  kAnotherSaleRuns
};
enum class AddStockError { kUnknownSale, kEnded, kChangedMeanwhile, kTooMany, kKeyTaken };
enum class AddProductError { kKeyTaken };

/// More units for a sale.
struct StockAddition {
  SaleId sale;
  std::int64_t units = 0;
  std::int64_t most = 0;  // kTooMany if the sale would have more units than that
  /// If set: kChangedMeanwhile unless the sale has that many units now.
  std::optional<std::int64_t> known;
  std::optional<IdempotentRequest> request;
};

/// All sales in order of id, and the revision of the catalog that has just these.
struct ListedSales {
  std::int64_t revision = 0;
  std::vector<Sale> sales;
};

/// Products and sales. Thread-safe; calls block.
class Catalog {
 public:
  virtual ~Catalog() = default;

  ProductId add_product(const ProductDetails& facts, Instant now) {
    return add_product(facts, now, std::nullopt)->result;
  }
  /// kKeyTaken: the request's key belongs to another request.
  virtual std::expected<Applied<ProductId>, AddProductError> add_product(
      const ProductDetails& facts, Instant now,
      const std::optional<IdempotentRequest>& request) = 0;
  /// False for an unknown product.
  virtual bool change_product(ProductId id, const ProductDetails& facts) = 0;
  virtual std::vector<Product> products() = 0;  // in order of id
  virtual std::optional<Product> product(ProductId id) = 0;

  /// Ignores sale.id; all units begin unleased. A product has one sale at a time: refused while
  /// the windows [starts_at, ends_at) of another of its sales and of this one overlap.
  virtual std::expected<SaleId, CreateSaleError> create_sale(const Sale& sale, Instant now) = 0;
  /// Read together with their revision, as bans are (blacklist.h).
  virtual ListedSales sales() = 0;
  virtual std::optional<Sale> sale(SaleId id) = 0;
  /// Gives sale.id these terms if it has `known` units now. Refused when its terms are fixed at
  /// `now` (Sale::terms_fixed) and, whatever the clocks say, once a unit of it is leased or sold.
  /// Ignores sale.product and sale.unleased.
  virtual std::expected<void, ChangeSaleError> change_sale(const Sale& sale, std::int64_t known,
                                                           Instant now) = 0;
  /// Adds unleased units. Refused once the sale has ended. Answers its new quantity.
  virtual std::expected<Applied<std::int64_t>, AddStockError> add_stock(
      const StockAddition& addition, Instant now) = 0;
  /// Ends the sale at `now` unless it ended before; false for an unknown sale. A sale that had not
  /// begun begins and ends at `now`.
  virtual bool end_sale(SaleId id, Instant now) = 0;
};

}  // namespace stampede::repositories
