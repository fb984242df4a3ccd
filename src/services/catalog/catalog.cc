#include "services/catalog/catalog.h"

#include <fmt/format.h>
#include <sodium.h>

#include <array>

#include "model/text/plain_text.h"
#include "model/time.h"
#include "services/catalog/text_rules.h"

namespace stampede::services::catalog {
namespace {

constexpr std::size_t kLongestName = 200;
constexpr std::size_t kLongestDescription = 10'000;

Problem check_name(std::string_view name) {
  if (name.find_first_not_of(' ') == std::string_view::npos) {
    return fmt::format("name: {} is blank; expected 1 to {} bytes of text", in_quotes(name),
                       kLongestName);
  }
  return check_text("name", name, kLongestName, "");
}

Problem check_facts(const ProductDetails& facts) {
  if (auto problem = check_name(facts.name)) return problem;
  if (auto problem = check_text("description", facts.description, kLongestDescription, "\t\n\r")) {
    return problem;
  }
  if (!facts.list_price_cents) return std::nullopt;
  return check_range("list-price-cents", *facts.list_price_cents, 0, Sale::kHighestPriceCents);
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

Problem check_terms(const Sale& sale, Instant now) {
  if (auto problem = check_range("price-cents", sale.price_cents, 0, Sale::kHighestPriceCents))
    return problem;
  if (auto problem = check_range("quantity", sale.quantity, 1, Sale::kLargestQuantity))
    return problem;
  if (auto problem = check_range("limit", sale.per_buyer_limit, 1, Sale::kHighestLimit))
    return problem;
  if (sale.hold) {
    if (auto problem = check_range("hold-seconds", sale.hold->count(), Sale::kShortestHold.count(),
                                   Sale::kLongestHold.count())) {
      return problem;
    }
    if (sale.price_cents == 0) {
      return "hold-seconds: the price is 0, so that nothing is to be paid; expected no hold, or a "
             "price";
    }
  }
  return check_window(sale, now);
}

std::string no_such_product(ProductId id) {
  return fmt::format("product: there is no product {}; expected the id of one", id.value);
}

std::string no_such_sale(SaleId id) {
  return fmt::format("sale: there is no sale {}; expected the id of one", id.value);
}

std::string changed_meanwhile(const Sale& stored, std::int64_t known) {
  return fmt::format(
      "quantity: sale {} has {} units by now, not {}; expected that nobody had changed them "
      "meanwhile",
      stored.id.value, stored.quantity, known);
}

std::string key_taken(const IdempotencyKey& key) {
  return fmt::format(
      "idempotency-key: {} was used for something else; expected a new one, or the same request",
      in_quotes(key.text()));
}

/// Tells these facts from any others.
std::string content_of(const ProductDetails& facts) {
  const std::string whole =
      fmt::format("{}:{}{}:{}{}", facts.name.size(), facts.name, facts.description.size(),
                  facts.description, facts.list_price_cents.value_or(-1));
  std::array<unsigned char, crypto_generichash_BYTES_MIN> digest{};
  crypto_generichash(digest.data(), digest.size(),
                     reinterpret_cast<const unsigned char*>(whole.data()), whole.size(), nullptr,
                     0);
  return fmt::format("product {:02x}", fmt::join(digest, ""));
}

std::string another_sale_runs(ProductId product) {
  return fmt::format(
      "product: another sale of product {} runs at that time; expected a window after it has ended",
      product.value);
}

}  // namespace

std::expected<Catalog::Applied<ProductId>, std::string> Catalog::add_product(
    const ProductDetails& facts, Instant now, const std::optional<IdempotencyKey>& key) {
  if (auto problem = check_facts(facts)) return std::unexpected(*std::move(problem));
  std::optional<repositories::IdempotentRequest> request;
  if (key) request.emplace(*key, content_of(facts));
  const auto added = repository_->add_product(facts, now, request);
  if (!added) return std::unexpected(key_taken(*key));
  return *added;
}

std::expected<void, std::string> Catalog::change_product(ProductId id,
                                                         const ProductDetails& facts) {
  if (auto problem = check_facts(facts)) return std::unexpected(*std::move(problem));
  if (!repository_->change_product(id, facts)) return std::unexpected(no_such_product(id));
  return {};
}

std::vector<Product> Catalog::products() { return repository_->products(); }

std::optional<Product> Catalog::product(ProductId id) { return repository_->product(id); }

std::expected<SaleId, std::string> Catalog::create_sale(const Sale& sale, Instant now) {
  if (auto problem = check_terms(sale, now)) return std::unexpected(*std::move(problem));
  const auto created = repository_->create_sale(sale, now);
  if (created) return *created;
  switch (created.error()) {
    case repositories::CreateSaleError::kUnknownProduct:
      return std::unexpected(no_such_product(sale.product));
    case repositories::CreateSaleError::kAnotherSaleRuns:
      break;
  }
  return std::unexpected(another_sale_runs(sale.product));
}

std::expected<void, std::string> Catalog::change_sale(const Sale& sale, std::int64_t known,
                                                      Instant now) {
  const auto stored = repository_->sale(sale.id);
  if (!stored) return std::unexpected(no_such_sale(sale.id));
  if (stored->quantity != known) return std::unexpected(changed_meanwhile(*stored, known));
  if (auto problem = check_terms(sale, now)) return std::unexpected(*std::move(problem));
  const auto changed = repository_->change_sale(sale, known, now);
  if (changed) return {};
  switch (changed.error()) {
    case repositories::ChangeSaleError::kUnknownSale:
      return std::unexpected(no_such_sale(sale.id));
    case repositories::ChangeSaleError::kTermsFixed:
      return std::unexpected(fmt::format(
          "sale: sale {} has started or is about to; expected one that starts more than {} s "
          "from now",
          sale.id.value, Sale::kTermsFixed.count()));
    case repositories::ChangeSaleError::kUnitsAreLeased:
      return std::unexpected(fmt::format(
          "sale: units of sale {} are already being sold; expected one of which no unit is leased "
          "or sold",
          sale.id.value));
    case repositories::ChangeSaleError::kChangedMeanwhile:
      return std::unexpected(
          changed_meanwhile(repository_->sale(sale.id).value_or(*stored), known));
    case repositories::ChangeSaleError::kAnotherSaleRuns:
      break;
  }
  return std::unexpected(another_sale_runs(stored->product));
}

std::expected<Catalog::Applied<std::int64_t>, std::string> Catalog::add_stock(
    SaleId id, std::int64_t units, Instant now, std::optional<std::int64_t> known,
    const std::optional<IdempotencyKey>& key) {
  if (auto problem = check_range("units", units, 1, Sale::kLargestQuantity)) {
    return std::unexpected(*std::move(problem));
  }
  repositories::StockAddition addition{
      .sale = id, .units = units, .most = Sale::kLargestQuantity, .known = known, .request = {}};
  if (key) addition.request.emplace(*key, fmt::format("sale {}: {} units more", id.value, units));
  const auto quantity = repository_->add_stock(addition, now);
  if (quantity) return *quantity;
  switch (quantity.error()) {
    case repositories::AddStockError::kUnknownSale:
      return std::unexpected(no_such_sale(id));
    case repositories::AddStockError::kEnded:
      return std::unexpected(
          fmt::format("sale: sale {} has ended; expected one that has not", id.value));
    case repositories::AddStockError::kChangedMeanwhile:
      return std::unexpected(fmt::format(
          "sale: sale {} has not {} units any more; expected that nobody had added any meanwhile",
          id.value, *known));
    case repositories::AddStockError::kKeyTaken:
      return std::unexpected(key_taken(*key));
    case repositories::AddStockError::kTooMany:
      break;
  }
  return std::unexpected(
      fmt::format("units: {} more would be too many; expected a sale of at most {} units in all",
                  units, Sale::kLargestQuantity));
}

repositories::ListedSales Catalog::sales() { return repository_->sales(); }

std::optional<Sale> Catalog::sale(SaleId id) { return repository_->sale(id); }

bool Catalog::end_sale(SaleId id, Instant now) { return repository_->end_sale(id, now); }

}  // namespace stampede::services::catalog
