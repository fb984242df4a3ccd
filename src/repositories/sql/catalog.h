#pragma once

#include "repositories/catalog.h"
#include "repositories/sql/database.h"

namespace stampede::repositories::sql {

class SqlCatalog final : public Catalog {
 public:
  explicit SqlCatalog(Database& database) : database_(database) {}

  ProductId add_product(std::string_view name, std::string_view description, Instant now) override;
  std::vector<Product> products() override;
  std::optional<Product> product(ProductId id) override;

  std::expected<SaleId, CreateSaleError> create_sale(const Sale& sale, Instant now) override;
  std::vector<Sale> sales() override;
  std::optional<Sale> sale(SaleId id) override;
  bool end_sale(SaleId id, Instant now) override;

 private:
  Database& database_;
};

}  // namespace stampede::repositories::sql
