#include "repositories/sql/orders/orders.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <string>

#include "model/orders/order_number.h"
#include "repositories/sql/connection/rows.h"
#include "repositories/sql/orders/order_events.h"

namespace stampede::repositories::sql {
namespace {

/// An order with its sale and product, as SOCI fills it.
struct LineRow {
  OrderRow order;
  std::int64_t product = 0, price_cents = 0;
  std::string product_name;

  void define(soci::statement& statement) {
    order.define(statement);
    statement.exchange(soci::into(product));
    statement.exchange(soci::into(price_cents));
    statement.exchange(soci::into(product_name));
  }
  OrderLine line() const { return {order.order(), {product}, product_name, price_cents}; }
};

/// As repositories::Orders::recent_sales(), but for the newest order.
RecentSales select_recent(soci::session& session, Instant over_after) {
  const auto after = to_column(over_after);
  RecentSales recent{.sales = {}, .first = {kLastId}, .last = {}};
  std::int64_t sale = 0;
  std::int64_t first_of_sale = 0;
  soci::statement select =
      (session.prepare << SqlOrders::recent_sales_statement(), soci::use(after), soci::use(after),
       soci::into(sale), soci::into(first_of_sale));
  for (select.execute(); select.fetch();) {
    recent.sales.push_back({sale});
    recent.first = std::min(recent.first, OrderNumber{first_of_sale});
  }
  return recent;
}

/// The order that an intent became in another sale of the same product. Looks into each sale by the
/// unique index (sale, buyer, slot), which is named because a server with few statistics would read
/// all orders.
std::optional<Order> in_another_sale(soci::session& session, const Dialect& dialect, SaleId sale,
                                     UserId buyer, const std::string& intent) {
  OrderRow row;
  soci::statement select(session);
  row.define(select);
  select.exchange(soci::use(sale.value));
  select.exchange(soci::use(buyer.value));
  select.exchange(soci::use(intent));
  prepare(select, fmt::format("SELECT {} FROM sales a CROSS JOIN sales s ON s.product = a.product "
                              "AND s.id <> a.id CROSS JOIN orders o{} ON o.sale = s.id "
                              "WHERE a.id = :sale AND o.buyer = :buyer AND o.intent = :intent",
                              OrderRow::kColumnsNow, dialect.by_index("orders_by_buyer")));
  if (!select.execute(true)) return std::nullopt;
  return row.order();
}

/// Of each queue shard, in order.
std::vector<ShardEnd> select_shards(soci::session& session) {
  ShardEnd end;
  soci::statement select =
      (session.prepare << "SELECT last_seq, digest, digest_seq FROM queue_shards ORDER BY shard",
       soci::into(end.seq), soci::into(end.digest), soci::into(end.digest_seq));
  std::vector<ShardEnd> shards;
  for (select.execute(); select.fetch();) shards.push_back(end);
  return shards;
}

/// Sales in which one statement looks for a buyer's orders.
constexpr std::size_t kSalesAtOnce = 500;

/// What a buyer's page shows of a sale.
struct ShownSale {
  SaleId id;
  ProductId product;
  std::int64_t price_cents = 0;
  std::string product_name;
};

/// The next sales below `below`, in descending order of id.
std::vector<ShownSale> select_sales(soci::session& session, SaleId below) {
  ShownSale sale;
  soci::statement select =
      (session.prepare << "SELECT s.id, s.product, s.price_cents, p.name FROM sales s "
                          "JOIN products p ON p.id = s.product WHERE s.id < :below "
                          "ORDER BY s.id DESC LIMIT :most",
       soci::use(below.value), soci::use(kSalesAtOnce), soci::into(sale.id.value),
       soci::into(sale.product.value), soci::into(sale.price_cents), soci::into(sale.product_name));
  std::vector<ShownSale> sales;
  for (select.execute(); select.fetch();) sales.push_back(sale);
  return sales;
}

std::vector<SaleId> ids_of(const std::vector<ShownSale>& sales) {
  std::vector<SaleId> ids;
  for (const ShownSale& sale : sales) ids.push_back(sale.id);
  return ids;
}

}  // namespace

PurchaseSnapshot SqlOrders::purchase(SaleId sale, UserId buyer, const IdempotencyKey& intent,
                                     LeaseId lease) {
  const std::string key(intent.text());
  return database_.read([&](soci::session& session) {
    PurchaseSnapshot snapshot;
    OrderRow row;
    soci::statement select(session);
    row.define(select);
    select.exchange(soci::use(sale.value));
    select.exchange(soci::use(buyer.value));
    select.exchange(soci::use(key));
    prepare(select, fmt::format("SELECT {} FROM orders o WHERE o.sale = :sale "
                                "AND o.buyer = :buyer AND o.intent = :intent",
                                OrderRow::kColumnsNow));
    if (select.execute(true)) snapshot.order = row.order();
    if (!snapshot.order)
      snapshot.order = in_another_sale(session, database_.dialect(), sale, buyer, key);

    int open = 0;
    session << "SELECT COUNT(*) FROM stock_leases WHERE id = :id AND state <> 'closed'",
        soci::use(lease.value), soci::into(open);
    snapshot.lease_open = open != 0;
    return snapshot;
  });
}

std::string SqlOrders::of_buyer_statement(const Dialect& dialect, std::span<const SaleId> sales) {
  std::vector<std::int64_t> ids;
  for (const SaleId sale : sales) ids.push_back(sale.value);
  // A look-up in the unique index (sale, buyer, slot) for each sale: orders have no index by buyer.
  // The index is named because a server that is to sort by number would rather read all orders.
  return fmt::format(
      "SELECT {} FROM orders o{} WHERE o.sale IN ({}) AND o.buyer = :buyer "
      "AND o.status = 'success' AND o.number < :before",
      OrderRow::kColumnsNow, dialect.by_index("orders_by_buyer"), fmt::join(ids, ","));
}

/// Looks into kSalesAtOnce sales at a time, so that no statement is long, however many sales there
/// are.
std::vector<OrderLine> SqlOrders::of_buyer(UserId buyer, OrderNumber before, std::size_t limit) {
  const OrderNumber end = before ? before : OrderNumber{kLastId};
  std::vector<OrderLine> lines;
  for (SaleId below{kLastId}; below;) {
    below = database_.read([&](soci::session& session) {
      const auto sales = select_sales(session, below);
      if (sales.empty()) return SaleId{};
      OrderRow row;
      soci::statement select(session);
      row.define(select);
      select.exchange(soci::use(buyer.value));
      select.exchange(soci::use(end.value));
      prepare(select, of_buyer_statement(database_.dialect(), ids_of(sales)));
      for (select.execute(); select.fetch();) {
        const auto sale = std::ranges::find(sales, SaleId{row.sale}, &ShownSale::id);
        lines.push_back({row.order(), sale->product, sale->product_name, sale->price_cents});
      }
      return sales.back().id;
    });
    std::ranges::sort(lines, std::greater{},
                      [](const OrderLine& line) { return line.order.number; });
    if (lines.size() > limit) {
      lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(limit), lines.end());
    }
  }
  return lines;
}

std::optional<OrderLine> SqlOrders::find(OrderNumber number) {
  return database_.read([&](soci::session& session) -> std::optional<OrderLine> {
    LineRow row;
    soci::statement select(session);
    row.define(select);
    select.exchange(soci::use(number.value));
    prepare(select, fmt::format("SELECT {}, s.product, s.price_cents, p.name FROM orders o "
                                "JOIN sales s ON s.id = o.sale JOIN products p ON p.id = s.product "
                                "WHERE o.number = :number",
                                OrderRow::kColumnsNow));
    if (!select.execute(true)) return std::nullopt;
    return row.line();
  });
}

std::vector<Order> SqlOrders::since(std::int32_t shard, std::int64_t after, std::size_t most) {
  return database_.read([&](soci::session& session) {
    const auto ends = select_shards(session);
    const auto shards = static_cast<std::int64_t>(ends.size());
    const std::int64_t newest = ends.at(static_cast<std::size_t>(shard)).seq;
    if (after >= newest) return std::vector<Order>{};
    const std::int64_t last = number_of(after, shard, shards).value;
    const std::int64_t end = number_of(newest, shard, shards).value;
    OrderRow row;
    soci::statement select(session);
    row.define(select);
    for (const auto* value : {&last, &end, &last, &shards}) select.exchange(soci::use(*value));
    select.exchange(soci::use(most));
    // Reads along the primary key and skips the other shards' orders of the same time.
    prepare(select, fmt::format("SELECT {} FROM orders o WHERE o.number > :last "
                                "AND o.number <= :end AND (o.number - :same) % :shards = 0 "
                                "ORDER BY o.number LIMIT :most",
                                OrderRow::kColumns));
    std::vector<Order> orders;
    for (select.execute(); select.fetch();) orders.push_back(row.order());
    const auto created = std::ssize(orders);
    std::ranges::move(select_changed(session, {shard, shards, after, most}),
                      std::back_inserter(orders));
    std::ranges::inplace_merge(orders, orders.begin() + created, {}, &Order::seq);
    if (orders.size() > most) orders.resize(most, orders.front());
    return orders;
  });
}

std::vector<ShardEnd> SqlOrders::newest() { return database_.read(select_shards); }

std::string SqlOrders::recent_sales_statement() {
  return fmt::format("SELECT s.id, s.first_number FROM sales s WHERE {} ORDER BY s.id",
                     SaleRow::not_over());
}

std::vector<std::int64_t> SqlOrders::cursors_before_recent(Instant over_after) {
  return database_.read([&](soci::session& session) {
    const auto recent = select_recent(session, over_after);
    std::vector<std::int64_t> cursors;
    const auto ends = select_shards(session);
    const auto shards = static_cast<std::int64_t>(ends.size());
    for (const ShardEnd& end : ends) {
      const auto shard = std::ssize(cursors);
      // Without a recent sale: behind all orders.
      cursors.push_back(recent.sales.empty()
                            ? end.seq
                            : std::min(end.seq, last_seq_before(recent.first, shard, shards)));
    }
    return cursors;
  });
}

RecentSales SqlOrders::recent_sales(Instant over_after) {
  return database_.read([&](soci::session& session) {
    auto recent = select_recent(session, over_after);
    session << "SELECT COALESCE(MAX(number), 0) FROM orders", soci::into(recent.last.value);
    return recent;
  });
}

std::string SqlOrders::numbered_statement() {
  return fmt::format(
      "SELECT {} FROM orders o WHERE o.number >= :first AND o.number <= :last "
      "ORDER BY o.number LIMIT :most",
      OrderRow::kColumnsNow);
}

std::vector<Order> SqlOrders::numbered(OrderNumber first, OrderNumber last, std::size_t most) {
  return database_.read([&](soci::session& session) {
    OrderRow row;
    soci::statement select(session);
    row.define(select);
    select.exchange(soci::use(first.value));
    select.exchange(soci::use(last.value));
    select.exchange(soci::use(most));
    prepare(select, numbered_statement());
    std::vector<Order> orders;
    for (select.execute(); select.fetch();) orders.push_back(row.order());
    return orders;
  });
}

}  // namespace stampede::repositories::sql
