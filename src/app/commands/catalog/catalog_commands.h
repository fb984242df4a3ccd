#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "app/commands/commands.h"
#include "model/catalog/product.h"
#include "model/catalog/sale.h"
#include "model/idempotency_key.h"
#include "services/operations/catalog_operations.h"

// What an operator does with products, their pictures and sales (app/commands/commands.h).
namespace stampede::app {

/// `key`: the same request with it is one change, however often it is made.
struct ProductAdd {
  ProductDetails facts;
  std::optional<IdempotencyKey> key;
};
Done add_product(const Config& config, const ProductAdd& options);
struct ProductChange {
  ProductId id;
  std::vector<std::function<void(ProductDetails&)>> changes;  // those asked for
};
Done change_product(const Config& config, const ProductChange& change);
Done list_products(const Config& config, bool json);

struct PictureAdd {
  ProductId product;
  std::filesystem::path file;
  std::string alt;
};
Done add_picture(const Config& config, const PictureAdd& options);
Done list_pictures(const Config& config, ProductId product, bool json);
Done remove_picture(const Config& config, ProductId product, PictureId picture);

Done create_sale(const Config& config, const Sale& sale);
Done list_sales(const Config& config, bool json);
Done show_sale(const Config& config, SaleId sale, bool json);
struct SaleChange {
  SaleId id;
  std::vector<std::function<void(Sale&)>> changes;  // those asked for
};
Done change_sale(const Config& config, const SaleChange& change);
using MoreStock = services::operations::CatalogOperations::MoreStock;
Done add_stock(const Config& config, const MoreStock& more);
Done end_sale(const Config& config, SaleId sale);

}  // namespace stampede::app
