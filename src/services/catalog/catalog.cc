#include "services/catalog/catalog.h"

#include <fmt/format.h>

#include "model/time.h"
#include "model/utf8.h"

namespace stampede::services::catalog {
namespace {

constexpr std::size_t kLongestName = 200;
constexpr std::size_t kLongestDescription = 10'000;
constexpr std::int64_t kHighestPrice = 1'000'000'000'000;
constexpr std::int64_t kLargestQuantity = 1'000'000'000;
constexpr std::int64_t kHighestLimit = 1'000;

using Problem = std::optional<std::string>;

/// Where a control character (C0, DEL or C1) begins in UTF-8, besides those `allowed`.
std::optional<std::size_t> find_control(std::string_view text, std::string_view allowed) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool c1 =
        byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (c1 || ((byte < 0x20 || byte == 0x7F) && allowed.find(text[i]) == std::string_view::npos)) {
      return i;
    }
  }
  return std::nullopt;
}

Problem check_text(std::string_view field, std::string_view text, std::size_t longest,
                   std::string_view allowed_controls) {
  if (text.size() > longest) {
    return fmt::format("{}: {} bytes long; expected at most {}", field, text.size(), longest);
  }
  if (!is_utf8(text)) return fmt::format("{}: {:?} is not valid UTF-8", field, text);
  if (const auto at = find_control(text, allowed_controls)) {
    return fmt::format("{}: {:?} has a control character at byte {}; expected text", field, text,
                       *at);
  }
  return std::nullopt;
}

Problem check_name(std::string_view name) {
  if (name.find_first_not_of(' ') == std::string_view::npos) {
    return fmt::format("name: {:?} is blank; expected 1 to {} bytes of text", name, kLongestName);
  }
  return check_text("name", name, kLongestName, "");
}

Problem check_range(std::string_view field, std::int64_t value, std::int64_t least,
                    std::int64_t most) {
  if (value >= least && value <= most) return std::nullopt;
  return fmt::format("{}: {} is out of range; expected {} to {}", field, value, least, most);
}

Problem check_window(const Sale& sale, Instant now) {
  if (!sale.ends_at) return std::nullopt;
  if (*sale.ends_at <= sale.starts_at) {
    return fmt::format("ends: {} is not after its start; expected a time after {}",
                       format_rfc3339(*sale.ends_at), format_rfc3339(sale.starts_at));
  }
  if (*sale.ends_at <= now) {
    return fmt::format("ends: {} has passed; expected a time after {}",
                       format_rfc3339(*sale.ends_at), format_rfc3339(now));
  }
  return std::nullopt;
}

}  // namespace

std::expected<ProductId, std::string> Catalog::add_product(std::string_view name,
                                                           std::string_view description,
                                                           Instant now) {
  if (auto problem = check_name(name)) return std::unexpected(*std::move(problem));
  if (auto problem = check_text("description", description, kLongestDescription, "\t\n\r")) {
    return std::unexpected(*std::move(problem));
  }
  return repository_->add_product(name, description, now);
}

std::vector<Product> Catalog::products() { return repository_->products(); }

std::optional<Product> Catalog::product(ProductId id) { return repository_->product(id); }

std::expected<SaleId, std::string> Catalog::create_sale(Sale sale, Instant now) {
  for (auto& problem :
       {check_range("price-cents", sale.price_cents, 0, kHighestPrice),
        check_range("quantity", sale.quantity, 1, kLargestQuantity),
        check_range("limit", sale.per_buyer_limit, 1, kHighestLimit), check_window(sale, now)}) {
    if (problem) return std::unexpected(*problem);
  }
  const auto created = repository_->create_sale(sale, now);
  if (created) return *created;
  switch (created.error()) {
    case repositories::CreateSaleError::kUnknownProduct:
      return std::unexpected(fmt::format("product: there is no product {}; expected the id of one",
                                         sale.product.value));
    case repositories::CreateSaleError::kAnotherSaleRuns:
      break;
  }
  return std::unexpected(fmt::format(
      "product: another sale of product {} runs at that time; expected a window after it has ended",
      sale.product.value));
}

std::vector<Sale> Catalog::sales() { return repository_->sales(); }

std::optional<Sale> Catalog::sale(SaleId id) { return repository_->sale(id); }

bool Catalog::end_sale(SaleId id, Instant now) { return repository_->end_sale(id, now); }

}  // namespace stampede::services::catalog
