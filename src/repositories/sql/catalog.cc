#include "repositories/sql/catalog.h"

#include <fmt/format.h>

#include <string>

#include "repositories/sql/rows.h"

namespace stampede::repositories::sql {
namespace {

bool another_sale_runs(soci::session& session, const Sale& sale) {
  const auto starts_at = to_column(sale.starts_at);
  Nullable ends_at(sale.ends_at);
  int others = 0;
  // Half-open windows overlap when each begins before the other ends. One that ended before it
  // began is empty and overlaps nothing.
  session << "SELECT COUNT(*) FROM sales WHERE product = :product "
             "AND (ends_at IS NULL OR (ends_at > :starts_at AND ends_at > starts_at)) "
             "AND (:open IS NULL OR starts_at < :ends_at)",
      soci::use(sale.product.value), soci::use(starts_at), use(ends_at), use(ends_at),
      soci::into(others);
  return others != 0;
}

SaleId insert_sale(soci::session& session, const Sale& sale, Instant now) {
  const auto starts_at = to_column(sale.starts_at);
  Nullable ends_at(sale.ends_at);
  const int captcha = sale.captcha ? 1 : 0;
  const auto created_at = to_column(now);
  // Each shard counts on by itself, so the next number of the one furthest behind bounds them all.
  session << "INSERT INTO sales (product, price_cents, quantity, unleased, per_buyer_limit, "
             "starts_at, ends_at, captcha, created_at, first_number) "
             "SELECT :product, :price, :quantity, :unleased, :most, :starts, :ends, :captcha, "
             ":created, MIN(last_seq * (SELECT COUNT(*) FROM queue_shards) + shard + 1) "
             "FROM queue_shards",
      soci::use(sale.product.value), soci::use(sale.price_cents), soci::use(sale.quantity),
      soci::use(sale.quantity), soci::use(sale.per_buyer_limit), soci::use(starts_at), use(ends_at),
      soci::use(captcha), soci::use(created_at);
  long long id = 0;
  session.get_last_insert_id("sales", id);
  return {id};
}

std::vector<Product> select_products(soci::session& session, std::int64_t first,
                                     std::int64_t last) {
  Product product;
  std::int64_t created_at = 0;
  soci::statement select =
      (session.prepare << "SELECT id, name, description, created_at FROM products "
                          "WHERE id BETWEEN :first AND :last ORDER BY id",
       soci::use(first), soci::use(last), soci::into(product.id.value), soci::into(product.name),
       soci::into(product.description), soci::into(created_at));
  std::vector<Product> products;
  for (select.execute(); select.fetch();) {
    product.created_at = to_instant(created_at);
    products.push_back(product);
  }
  return products;
}

std::vector<Sale> select_sales(soci::session& session, std::int64_t first, std::int64_t last) {
  SaleRow row;
  soci::statement select(session);
  row.define(select);
  select.exchange(soci::use(first));
  select.exchange(soci::use(last));
  prepare(select, fmt::format("SELECT {} FROM sales s WHERE s.id BETWEEN :first AND :last "
                              "ORDER BY s.id",
                              SaleRow::kColumns));
  std::vector<Sale> sales;
  for (select.execute(); select.fetch();) sales.push_back(row.sale());
  return sales;
}

}  // namespace

ProductId SqlCatalog::add_product(std::string_view name, std::string_view description,
                                  Instant now) {
  const std::string its_name(name);
  const std::string its_description(description);
  const auto created_at = to_column(now);
  return database_.write([&](soci::session& session) {
    session << "INSERT INTO products (name, description, created_at) "
               "VALUES (:name, :description, :created_at)",
        soci::use(its_name), soci::use(its_description), soci::use(created_at);
    long long id = 0;
    session.get_last_insert_id("products", id);
    raise_revision(session, kCatalogRevision);
    return ProductId{id};
  });
}

std::vector<Product> SqlCatalog::products() {
  return database_.read(
      [](soci::session& session) { return select_products(session, 1, kLastId); });
}

std::optional<Product> SqlCatalog::product(ProductId id) {
  auto found = database_.read(
      [&](soci::session& session) { return select_products(session, id.value, id.value); });
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

std::expected<SaleId, CreateSaleError> SqlCatalog::create_sale(const Sale& sale, Instant now) {
  using Result = std::expected<SaleId, CreateSaleError>;
  return database_.write([&](soci::session& session) -> Result {
    std::int64_t product = 0;
    // Locked, so that of two operators who put it on sale at once one sees the other's sale.
    session << fmt::format("SELECT id FROM products WHERE id = :id{}",
                           database_.dialect().for_update()),
        soci::use(sale.product.value), soci::into(product);
    if (!session.got_data()) return std::unexpected(CreateSaleError::kUnknownProduct);
    if (another_sale_runs(session, sale)) {
      return std::unexpected(CreateSaleError::kAnotherSaleRuns);
    }
    raise_revision(session, kCatalogRevision);
    return insert_sale(session, sale, now);
  });
}

std::vector<Sale> SqlCatalog::sales() {
  return database_.read([](soci::session& session) { return select_sales(session, 1, kLastId); });
}

std::optional<Sale> SqlCatalog::sale(SaleId id) {
  const auto found = database_.read(
      [&](soci::session& session) { return select_sales(session, id.value, id.value); });
  if (found.empty()) return std::nullopt;
  return found.front();
}

bool SqlCatalog::end_sale(SaleId id, Instant now) {
  return database_.write([&](soci::session& session) {
    int known = 0;
    session << "SELECT COUNT(*) FROM sales WHERE id = :id", soci::use(id.value), soci::into(known);
    const auto instant = to_column(now);
    session << "UPDATE sales SET ends_at = :now, "
               "starts_at = CASE WHEN starts_at > :begun THEN :start ELSE starts_at END "
               "WHERE id = :id AND (ends_at IS NULL OR ends_at > :end)",
        soci::use(instant), soci::use(instant), soci::use(instant), soci::use(id.value),
        soci::use(instant);
    raise_revision(session, kCatalogRevision);
    return known != 0;
  });
}

}  // namespace stampede::repositories::sql
