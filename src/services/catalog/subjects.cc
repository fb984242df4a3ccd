#include "services/catalog/subjects.h"

#include <fmt/format.h>

namespace stampede::services::catalog {

std::string subject_of(ProductId product) { return fmt::format("product {}", product.value); }

std::string subject_of(SaleId sale) { return fmt::format("sale {}", sale.value); }

std::string subject_of(ProductId product, std::string_view picture) {
  return fmt::format("product {}: picture {}", product.value, picture);
}

std::string subject_of(const Sale& sale) {
  return fmt::format(
      "sale {} of product {}: {} units at {} cents, at most {} a buyer, {} to {}{}{}",
      sale.id.value, sale.product.value, sale.quantity, sale.price_cents, sale.per_buyer_limit,
      format_rfc3339(sale.starts_at), sale.ends_at ? format_rfc3339(*sale.ends_at) : "sold out",
      sale.captcha ? "" : ", no captcha",
      sale.hold ? fmt::format(", held for {} s", sale.hold->count()) : "");
}

std::string subject_of(SaleId sale, std::int64_t units, std::int64_t quantity) {
  return fmt::format("sale {}: {} units more, {} in all", sale.value, units, quantity);
}

}  // namespace stampede::services::catalog
