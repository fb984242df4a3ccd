#include "repositories/sql/catalog/catalog.h"

#include <fmt/format.h>
#include <soci/soci.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "repositories/sql/catalog/idempotent_requests.h"
#include "repositories/sql/connection/rows.h"

namespace stampede::repositories::sql {
namespace {

/// Whether the window of another sale of the product overlaps this one's.
bool another_sale_runs(soci::session& session, const Sale& sale) {
  const auto starts_at = to_column(sale.starts_at);
  Nullable ends_at(sale.ends_at);
  int others = 0;
  // Half-open windows overlap when each begins before the other ends. One that ended before it
  // began is empty and overlaps nothing.
  session << "SELECT COUNT(*) FROM sales WHERE product = :product AND id <> :id "
             "AND (ends_at IS NULL OR (ends_at > :starts_at AND ends_at > starts_at)) "
             "AND (:open IS NULL OR starts_at < :ends_at)",
      soci::use(sale.product.value), soci::use(sale.id.value), soci::use(starts_at), use(ends_at),
      use(ends_at), soci::into(others);
  return others != 0;
}

SaleId insert_sale(soci::session& session, const Sale& sale, Instant now) {
  const auto starts_at = to_column(sale.starts_at);
  Nullable ends_at(sale.ends_at);
  const int captcha = sale.captcha ? 1 : 0;
  const auto created_at = to_column(now);
  Nullable hold(to_column(sale.hold));
  // Every shard numbers its orders by itself: no later order has a smaller number than the next
  // number of the shard that is furthest behind.
  session << "INSERT INTO sales (product, price_cents, quantity, unleased, per_buyer_limit, "
             "starts_at, ends_at, captcha, created_at, hold_seconds, first_number) "
             "SELECT :product, :price, :quantity, :unleased, :most, :starts, :ends, :captcha, "
             ":created, :hold, MIN(last_seq * (SELECT COUNT(*) FROM queue_shards) + shard + 1) "
             "FROM queue_shards",
      soci::use(sale.product.value), soci::use(sale.price_cents), soci::use(sale.quantity),
      soci::use(sale.quantity), soci::use(sale.per_buyer_limit), soci::use(starts_at), use(ends_at),
      soci::use(captcha), soci::use(created_at), use(hold);
  long long id = 0;
  session.get_last_insert_id("sales", id);
  return {id};
}

/// The caller has locked the sale's row.
void update_sale(soci::session& session, const Sale& sale) {
  const auto starts_at = to_column(sale.starts_at);
  Nullable ends_at(sale.ends_at);
  const int captcha = sale.captcha ? 1 : 0;
  Nullable hold(to_column(sale.hold));
  session << "UPDATE sales SET price_cents = :price, quantity = :quantity, unleased = :unleased, "
             "per_buyer_limit = :most, starts_at = :starts, ends_at = :ends, captcha = :captcha, "
             "hold_seconds = :hold WHERE id = :id",
      soci::use(sale.price_cents), soci::use(sale.quantity), soci::use(sale.unleased),
      soci::use(sale.per_buyer_limit), soci::use(starts_at), use(ends_at), soci::use(captcha),
      use(hold), soci::use(sale.id.value);
}

using Versions = std::map<PictureId, std::vector<PictureFile>>;

/// Of the pictures of the products `first` to `last`.
Versions select_versions(soci::session& session, std::int64_t first, std::int64_t last) {
  PictureFile version;
  PictureId picture;
  std::int64_t bytes = 0;
  soci::statement select =
      (session.prepare << "SELECT v.picture, v.name, v.width, v.height, v.bytes "
                          "FROM picture_versions v JOIN pictures p ON p.id = v.picture "
                          "WHERE p.product BETWEEN :first AND :last ORDER BY v.id",
       soci::use(first), soci::use(last), soci::into(picture.value), soci::into(version.name),
       soci::into(version.width), soci::into(version.height), soci::into(bytes));
  Versions versions;
  for (select.execute(); select.fetch();) {
    version.bytes = static_cast<std::size_t>(bytes);
    versions[picture].push_back(version);
  }
  return versions;
}

/// Adds their pictures to the products `first` to `last`, which are in order of id.
void add_pictures(soci::session& session, std::int64_t first, std::int64_t last,
                  std::vector<Product>& products) {
  Picture picture;
  std::int64_t product = 0;
  std::int64_t bytes = 0;
  soci::statement select =
      (session.prepare << "SELECT id, product, name, width, height, bytes, alt FROM pictures "
                          "WHERE product BETWEEN :first AND :last ORDER BY product, id",
       soci::use(first), soci::use(last), soci::into(picture.id.value), soci::into(product),
       soci::into(picture.name), soci::into(picture.width), soci::into(picture.height),
       soci::into(bytes), soci::into(picture.alt));
  const auto versions = select_versions(session, first, last);
  auto owner = products.begin();
  for (select.execute(); select.fetch();) {
    picture.bytes = static_cast<std::size_t>(bytes);
    const auto its = versions.find(picture.id);
    picture.versions = its == versions.end() ? std::vector<PictureFile>{} : its->second;
    owner = std::ranges::find(owner, products.end(), ProductId{product}, &Product::id);
    if (owner != products.end()) owner->pictures.push_back(picture);
  }
}

std::vector<Product> select_products(soci::session& session, std::int64_t first,
                                     std::int64_t last) {
  Product product;
  std::int64_t created_at = 0;
  Nullable list_price;
  soci::statement select =
      (session.prepare << "SELECT id, name, description, created_at, list_price_cents "
                          "FROM products WHERE id BETWEEN :first AND :last ORDER BY id",
       soci::use(first), soci::use(last), soci::into(product.id.value), soci::into(product.name),
       soci::into(product.description), soci::into(created_at), into(list_price));
  std::vector<Product> products;
  for (select.execute(); select.fetch();) {
    product.created_at = to_instant(created_at);
    product.list_price_cents = list_price.number();
    products.push_back(product);
  }
  add_pictures(session, first, last, products);
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

std::expected<Applied<ProductId>, AddProductError> SqlCatalog::add_product(
    const ProductDetails& facts, Instant now, const std::optional<IdempotentRequest>& request) {
  using Result = std::expected<Applied<ProductId>, AddProductError>;
  const auto created_at = to_column(now);
  Nullable list_price(facts.list_price_cents);
  return write_once(database_, [&](soci::session& session) -> Result {
    if (request) {
      const auto applied = find_applied(session, *request);
      if (!applied) return std::unexpected(AddProductError::kKeyTaken);
      if (*applied) return Applied<ProductId>{.result = {**applied}, .before = true};
    }
    session << "INSERT INTO products (name, description, list_price_cents, created_at) "
               "VALUES (:name, :description, :list_price, :created_at)",
        soci::use(facts.name), soci::use(facts.description), use(list_price), soci::use(created_at);
    long long id = 0;
    session.get_last_insert_id("products", id);
    if (request) note_applied(database_, session, *request, id, now);
    raise_revision(session, kCatalogRevision);
    return Applied<ProductId>{.result = {id}};
  });
}

bool SqlCatalog::change_product(ProductId id, const ProductDetails& facts) {
  Nullable list_price(facts.list_price_cents);
  return database_.write([&](soci::session& session) {
    if (!lock_product(session, id)) return false;
    session << "UPDATE products SET name = :name, description = :description, "
               "list_price_cents = :list_price WHERE id = :id",
        soci::use(facts.name), soci::use(facts.description), use(list_price), soci::use(id.value);
    raise_revision(session, kCatalogRevision);
    return true;
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

bool SqlCatalog::lock_product(soci::session& session, ProductId id) {
  std::int64_t found = 0;
  session << fmt::format("SELECT id FROM products WHERE id = :id{}",
                         database_.dialect().for_update()),
      soci::use(id.value), soci::into(found);
  return session.got_data();
}

std::optional<Sale> SqlCatalog::lock_sale(soci::session& session, SaleId id) {
  SaleRow row;
  soci::statement select(session);
  row.define(select);
  select.exchange(soci::use(id.value));
  prepare(select, fmt::format("SELECT {} FROM sales s WHERE s.id = :id{}", SaleRow::kColumns,
                              database_.dialect().for_update()));
  if (!fetch_one(select)) return std::nullopt;
  return row.sale();
}

std::expected<SaleId, CreateSaleError> SqlCatalog::create_sale(const Sale& sale, Instant now) {
  using Result = std::expected<SaleId, CreateSaleError>;
  Sale added = sale;
  added.id = {};
  return database_.write([&](soci::session& session) -> Result {
    if (!lock_product(session, added.product)) {
      return std::unexpected(CreateSaleError::kUnknownProduct);
    }
    if (another_sale_runs(session, added)) {
      return std::unexpected(CreateSaleError::kAnotherSaleRuns);
    }
    raise_revision(session, kCatalogRevision);
    return insert_sale(session, added, now);
  });
}

std::expected<void, ChangeSaleError> SqlCatalog::change_sale(const Sale& sale, std::int64_t known,
                                                             Instant now) {
  using Result = std::expected<void, ChangeSaleError>;
  using Error = ChangeSaleError;
  return database_.write([&](soci::session& session) -> Result {
    Sale changed = sale;
    session << "SELECT product FROM sales WHERE id = :id", soci::use(sale.id.value),
        soci::into(changed.product.value);
    if (!session.got_data()) return std::unexpected(Error::kUnknownSale);
    lock_product(session, changed.product);
    const auto stored = lock_sale(session, sale.id);
    if (stored->terms_fixed(now)) return std::unexpected(Error::kTermsFixed);
    // `now` was read before the wait for the lock, so a lease may have been granted by the old
    // terms since. Leases are granted under the same lock, so it shows here.
    if (stored->unleased != stored->quantity) return std::unexpected(Error::kUnitsAreLeased);
    if (stored->quantity != known) return std::unexpected(Error::kChangedMeanwhile);
    if (another_sale_runs(session, changed)) return std::unexpected(Error::kAnotherSaleRuns);
    changed.unleased = changed.quantity;
    update_sale(session, changed);
    raise_revision(session, kCatalogRevision);
    return {};
  });
}

std::expected<Applied<std::int64_t>, AddStockError> SqlCatalog::add_stock(
    const StockAddition& addition, Instant now) {
  using Result = std::expected<Applied<std::int64_t>, AddStockError>;
  const auto& [id, units, most, known, request] = addition;
  return write_once(database_, [&](soci::session& session) -> Result {
    const auto sale = lock_sale(session, id);
    if (!sale) return std::unexpected(AddStockError::kUnknownSale);
    if (request) {
      const auto applied = find_applied(session, *request);
      if (!applied) return std::unexpected(AddStockError::kKeyTaken);
      if (*applied) return Applied<std::int64_t>{.result = **applied, .before = true};
    }
    if (sale->ended(now)) return std::unexpected(AddStockError::kEnded);
    if (known && *known != sale->quantity) return std::unexpected(AddStockError::kChangedMeanwhile);
    if (units > most - sale->quantity) return std::unexpected(AddStockError::kTooMany);
    const std::int64_t while_on = sale->started(now) ? units : 0;
    session << "UPDATE sales SET quantity = quantity + :units, unleased = unleased + :more, "
               "added_while_on = added_while_on + :while_on WHERE id = :id",
        soci::use(units), soci::use(units), soci::use(while_on), soci::use(id.value);
    const std::int64_t quantity = sale->quantity + units;
    if (request) note_applied(database_, session, *request, quantity, now);
    raise_revision(session, kCatalogRevision);
    return Applied<std::int64_t>{.result = quantity};
  });
}

ListedSales SqlCatalog::sales() {
  return database_.read([](soci::session& session) {
    return ListedSales{.revision = read_revisions(session).catalog,
                       .sales = select_sales(session, 1, kLastId)};
  });
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
