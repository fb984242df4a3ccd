#include "repositories/sql/orders.h"

#include <fmt/format.h>

#include <algorithm>
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

constexpr std::int64_t number_of(std::int64_t seq, std::int64_t shard, std::int64_t shards) {
  return (seq - 1) * shards + shard + 1;
}

struct RecentSales {
  std::set<SaleId> sales;
  std::int64_t first_number = kLastId;  // no order of theirs has a smaller one
};

RecentSales select_recent(soci::session& session, Instant ended_after) {
  const auto after = to_column(ended_after);
  RecentSales recent;
  std::int64_t sale = 0;
  std::int64_t first_of_sale = 0;
  soci::statement select = (session.prepare << "SELECT id, first_number FROM sales "
                                               "WHERE ends_at IS NULL OR ends_at > :after",
                            soci::use(after), soci::into(sale), soci::into(first_of_sale));
  for (select.execute(); select.fetch();) {
    recent.sales.insert({sale});
    recent.first_number = std::min(recent.first_number, first_of_sale);
  }
  return recent;
}

/// The order that an intent became in another sale of the same product. Sale by sale, each by the
/// unique index (sale, buyer, slot).
std::optional<Order> in_another_sale(soci::session& session, SaleId sale, UserId buyer,
                                     const std::string& intent) {
  OrderRow row;
  soci::statement select(session);
  row.define(select);
  select.exchange(soci::use(sale.value));
  select.exchange(soci::use(buyer.value));
  select.exchange(soci::use(intent));
  prepare(select, fmt::format("SELECT {} FROM sales a CROSS JOIN sales s ON s.product = a.product "
                              "AND s.id <> a.id CROSS JOIN orders o ON o.sale = s.id "
                              "WHERE a.id = :sale AND o.buyer = :buyer AND o.intent = :intent",
                              OrderRow::kColumns));
  if (!select.execute(true)) return std::nullopt;
  return row.order();
}

/// The last seq of each queue shard, in order.
std::vector<std::int64_t> select_shards(soci::session& session) {
  std::int64_t last_seq = 0;
  soci::statement select =
      (session.prepare << "SELECT last_seq FROM queue_shards ORDER BY shard", soci::into(last_seq));
  std::vector<std::int64_t> shards;
  for (select.execute(); select.fetch();) shards.push_back(last_seq);
  return shards;
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
                                OrderRow::kColumns));
    if (select.execute(true)) snapshot.order = row.order();
    if (!snapshot.order) snapshot.order = in_another_sale(session, sale, buyer, key);

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

std::vector<Order> SqlOrders::since(std::int32_t shard, std::int64_t after, std::size_t most) {
  return database_.read([&](soci::session& session) {
    const auto seqs = select_shards(session);
    const auto shards = static_cast<std::int64_t>(seqs.size());
    const std::int64_t newest = seqs.at(static_cast<std::size_t>(shard));
    if (after >= newest) return std::vector<Order>{};
    const std::int64_t last = number_of(after, shard, shards);
    const std::int64_t end = number_of(newest, shard, shards);
    OrderRow row;
    soci::statement select(session);
    row.define(select);
    for (const auto* value : {&last, &end, &last, &shards}) select.exchange(soci::use(*value));
    select.exchange(soci::use(most));
    // Along the primary key, over the other shards' orders of the same time.
    prepare(select, fmt::format("SELECT {} FROM orders o WHERE o.number > :last "
                                "AND o.number <= :end AND (o.number - :same) % :shards = 0 "
                                "ORDER BY o.number LIMIT :most",
                                OrderRow::kColumns));
    std::vector<Order> orders;
    for (select.execute(); select.fetch();) orders.push_back(row.order());
    return orders;
  });
}

std::vector<std::int64_t> SqlOrders::newest() { return database_.read(select_shards); }

std::vector<std::int64_t> SqlOrders::cursors_before_recent(Instant ended_after) {
  return database_.read([&](soci::session& session) {
    const auto recent = select_recent(session, ended_after);
    auto cursors = select_shards(session);  // no sale: all that was is over
    const auto shards = static_cast<std::int64_t>(cursors.size());
    for (std::int64_t shard = 0; shard < shards; ++shard) {
      auto& cursor = cursors[static_cast<std::size_t>(shard)];
      if (recent.sales.empty() || cursor == 0) continue;
      // The last seq whose number is below the first of theirs.
      cursor =
          std::clamp((recent.first_number - shard - 2 + shards) / shards, std::int64_t{0}, cursor);
    }
    return cursors;
  });
}

void SqlOrders::for_each_recent(Instant ended_after,
                                const std::function<void(const Order&)>& visit) {
  database_.read([&](soci::session& session) {
    const auto recent = select_recent(session, ended_after);
    if (recent.sales.empty()) return;
    visit_orders(session, recent.first_number, [&](const Order& order) {
      if (recent.sales.contains(order.sale)) visit(order);
    });
  });
}

}  // namespace stampede::repositories::sql
