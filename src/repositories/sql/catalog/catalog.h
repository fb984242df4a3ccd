#pragma once

#include "repositories/catalog/catalog.h"
#include "repositories/sql/connection/database.h"

namespace stampede::repositories::sql {

/// Products and sales in SQL, as repositories/catalog/catalog.h says. Thread-safe; database
/// outlives it.
class SqlCatalog final : public Catalog {
 public:
  explicit SqlCatalog(Database& database) : database_(database) {}

  std::expected<Applied<ProductId>, AddProductError> add_product(
      const ProductDetails& facts, Instant now,
      const std::optional<IdempotentRequest>& request) override;
  bool change_product(ProductId id, const ProductDetails& facts) override;
  std::vector<Product> products() override;
  std::optional<Product> product(ProductId id) override;

  std::expected<SaleId, CreateSaleError> create_sale(const Sale& sale, Instant now) override;
  ListedSales sales() override;
  std::optional<Sale> sale(SaleId id) override;
  std::expected<void, ChangeSaleError> change_sale(const Sale& sale, std::int64_t known,
                                                   Instant now) override;
  std::expected<Applied<std::int64_t>, AddStockError> add_stock(const StockAddition& addition,
                                                                Instant now) override;
  bool end_sale(SaleId id, Instant now) override;

 private:
  /// Locks the product for the rest of the transaction, so that of two operators who give it a sale
  /// at once one sees the other's. False for an unknown one.
  bool lock_product(soci::session& session, ProductId id);
  std::optional<Sale> lock_sale(soci::session& session, SaleId id);

  Database& database_;
};

}  // namespace stampede::repositories::sql
