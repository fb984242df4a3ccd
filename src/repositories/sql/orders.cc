#include "repositories/sql/orders.h"

#include <fmt/format.h>

#include <set>
#include <string>

#include "repositories/sql/rows.h"

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

  /// `join` names s before o or o before s: the order in which they are looked up.
  static std::string select(std::string_view join, std::string_view condition) {
    return fmt::format(
        "SELECT {}, s.product, s.price_cents, p.name FROM {} "
        "JOIN products p ON p.id = s.product WHERE {}",
        OrderRow::kColumns, join, condition);
  }
};

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
                                OrderRow::kColumns));
    if (select.execute(true)) snapshot.order = row.order();

    int open = 0;
    session << "SELECT COUNT(*) FROM stock_leases WHERE id = :id AND state <> 'closed'",
        soci::use(lease.value), soci::into(open);
    snapshot.lease_open = open != 0;
    return snapshot;
  });
}

std::vector<OrderLine> SqlOrders::of_buyer(UserId buyer, OrderNumber before, std::size_t limit) {
  const std::int64_t end = before ? before.value : kLastId;
  return database_.read([&](soci::session& session) {
    LineRow row;
    soci::statement select(session);
    row.define(select);
    select.exchange(soci::use(buyer.value));
    select.exchange(soci::use(end));
    select.exchange(soci::use(limit));
    // Sale by sale, each by the unique index (sale, buyer, slot): orders have no index by buyer.
    prepare(select, LineRow::select("sales s CROSS JOIN orders o ON o.sale = s.id "
                                    "AND o.buyer = :buyer",
                                    "o.status = 'success' AND o.number < :before "
                                    "ORDER BY o.number DESC LIMIT :most"));
    std::vector<OrderLine> lines;
    for (select.execute(); select.fetch();) lines.push_back(row.line());
    return lines;
  });
}

std::optional<OrderLine> SqlOrders::find(OrderNumber number) {
  return database_.read([&](soci::session& session) -> std::optional<OrderLine> {
    LineRow row;
    soci::statement select(session);
    row.define(select);
    select.exchange(soci::use(number.value));
    prepare(select,
            LineRow::select("orders o JOIN sales s ON s.id = o.sale", "o.number = :number"));
    if (!select.execute(true)) return std::nullopt;
    return row.line();
  });
}

void SqlOrders::for_each_recent(Instant ended_after,
                                const std::function<void(const Order&)>& visit) {
  const auto after = to_column(ended_after);
  database_.read([&](soci::session& session) {
    std::set<SaleId> recent;
    std::int64_t first = kLastId;
    std::int64_t sale = 0;
    std::int64_t first_of_sale = 0;
    soci::statement select = (session.prepare << "SELECT id, first_number FROM sales "
                                                 "WHERE ends_at IS NULL OR ends_at > :after",
                              soci::use(after), soci::into(sale), soci::into(first_of_sale));
    for (select.execute(); select.fetch();) {
      recent.insert({sale});
      first = std::min(first, first_of_sale);
    }
    if (recent.empty()) return;
    visit_orders(session, first, [&](const Order& order) {
      if (recent.contains(order.sale)) visit(order);
    });
  });
}

}  // namespace stampede::repositories::sql
