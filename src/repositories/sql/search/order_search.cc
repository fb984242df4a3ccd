#include "repositories/sql/search/order_search.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <deque>
#include <string>
#include <string_view>

#include "repositories/sql/connection/rows.h"

namespace stampede::repositories::sql {
namespace {

/// The conditions of a filter and, in the same order, the values that they use. SOCI keeps
/// references to the values, and a deque does not move them.
class Conditions {
 public:
  void add(std::string condition, std::int64_t value) {
    conditions_.push_back(fmt::format("{} :v{}", condition, values_.size()));
    values_.push_back(value);
  }
  void add(std::string condition) { conditions_.push_back(std::move(condition)); }

  std::string text() const { return fmt::format("{}", fmt::join(conditions_, " AND ")); }
  void use(soci::statement& statement) const {
    for (const auto& value : values_) statement.exchange(soci::use(value));
  }

 private:
  std::vector<std::string> conditions_;
  std::deque<std::int64_t> values_;
};

/// What an order's own row and its events say together.
std::string condition_of(OrderStatus status) {
  switch (status) {
    case OrderStatus::kSuccess:
      return "o.status = 'success' AND o.pay_by IS NULL AND NOT EXISTS "
             "(SELECT 1 FROM order_events e WHERE e.order_number = o.number)";
    case OrderStatus::kHeld:
      return "o.status = 'success' AND o.pay_by IS NOT NULL AND NOT EXISTS "
             "(SELECT 1 FROM order_events e WHERE e.order_number = o.number)";
    case OrderStatus::kFailed:
      return "o.status = 'failed'";
    default:
      break;
  }
  return fmt::format("{} = '{}'", kNewestKind, to_string(status));
}

/// The conditions for which there is no index.
void add_details(Conditions& conditions, const OrderFilter& filter) {
  if (filter.status) {
    conditions.add(condition_of(*filter.status));
  }
  if (filter.from) conditions.add("o.created_at >=", to_column(*filter.from));
  if (filter.to) conditions.add("o.created_at <", to_column(*filter.to));
}

/// Where to find orders, and what to sort them by. `+ 0` keeps the database from using the column's
/// index.
struct Source {
  std::string_view tables;
  std::string_view order;
};
constexpr Source kByNumber{"orders o", "o.number"};
constexpr Source kBySaleAndBuyer{"sales s CROSS JOIN orders o ON o.sale = s.id", "o.number + 0"};

std::vector<FoundOrder> select(soci::session& session, const Source& source,
                               const Conditions& conditions, std::size_t limit) {
  OrderRow order;
  ProductId product;
  std::int64_t price_cents = 0;
  std::string product_name;
  std::string buyer_name;
  soci::statement select(session);
  order.define(select);
  for (auto* column : {&product.value, &price_cents}) select.exchange(soci::into(*column));
  for (auto* column : {&product_name, &buyer_name}) select.exchange(soci::into(*column));
  conditions.use(select);
  select.exchange(soci::use(limit));
  // The subquery finds the orders; only for those few the rest is looked up. In one join the
  // database might begin with another table.
  prepare(select, fmt::format("SELECT {0}, s.product, s.price_cents, p.name, COALESCE(u.name, '') "
                              "FROM (SELECT {4} FROM {1} WHERE {2} "
                              "ORDER BY {3} DESC LIMIT :most) o "
                              "JOIN sales s ON s.id = o.sale JOIN products p ON p.id = s.product "
                              "LEFT JOIN users u ON u.id = o.buyer ORDER BY o.number DESC",
                              OrderRow::kColumns, source.tables, conditions.text(), source.order,
                              OrderRow::kColumnsNow));
  std::vector<FoundOrder> orders;
  for (select.execute(); select.fetch();) {
    orders.push_back({{order.order(), product, product_name, price_cents}, buyer_name});
  }
  return orders;
}

/// At most `limit` orders that meet `conditions`.
FoundOrders select_page(soci::session& session, const Source& source, const Conditions& conditions,
                        std::size_t limit) {
  FoundOrders found{.orders = select(session, source, conditions, limit + 1),
                    .continue_before = {}};
  if (found.orders.size() > limit) {
    found.orders.pop_back();
    found.continue_before = found.orders.back().line.order.number;
  }
  return found;
}

std::int64_t newest_below(soci::session& session, std::int64_t end) {
  Nullable newest;
  session << "SELECT MAX(number) FROM orders WHERE number < :end", soci::use(end), into(newest);
  return newest.value;
}

/// No order of the sale has a smaller number; above every number if there is no such sale.
std::int64_t first_number(soci::session& session, SaleId sale) {
  if (!sale) return 1;
  std::int64_t first = kLastId;
  session << "SELECT first_number FROM sales WHERE id = :sale", soci::use(sale.value),
      soci::into(first);
  return first;
}

/// Looks into each sale by the unique index (sale, buyer, slot).
FoundOrders of_buyer(soci::session& session, const OrderFilter& filter, std::int64_t end,
                     std::size_t limit) {
  Conditions conditions;
  conditions.add("o.buyer =", filter.buyer.value);
  if (filter.sale) conditions.add("s.id =", filter.sale.value);
  conditions.add("o.number + 0 <", end);
  add_details(conditions, filter);
  return select_page(session, kBySaleAndBuyer, conditions, limit);
}

/// Reads along the primary key, `most_examined` numbers at most.
FoundOrders of_everybody(soci::session& session, const OrderFilter& filter, std::int64_t end,
                         std::size_t limit, std::int64_t most_examined) {
  const std::int64_t first = first_number(session, filter.sale);
  const std::int64_t newest = newest_below(session, end);
  const std::int64_t last = std::max(newest - most_examined + 1, first);
  if (newest < first) return {};

  Conditions conditions;
  conditions.add("o.number <=", newest);
  conditions.add("o.number >=", last);
  // `+ 0`: the index that begins with the sale is not in order of number.
  if (filter.sale) conditions.add("o.sale + 0 =", filter.sale.value);
  add_details(conditions, filter);
  FoundOrders found = select_page(session, kByNumber, conditions, limit);
  if (!found.continue_before && newest_below(session, last) >= first) {
    found.continue_before = {last};
  }
  return found;
}

FoundOrders one(soci::session& session, const OrderFilter& filter, std::int64_t end) {
  Conditions conditions;
  conditions.add("o.number =", filter.number.value);
  conditions.add("o.number <", end);
  if (filter.sale) conditions.add("o.sale + 0 =", filter.sale.value);
  if (filter.buyer) conditions.add("o.buyer =", filter.buyer.value);
  add_details(conditions, filter);
  return select_page(session, kByNumber, conditions, 1);
}

}  // namespace

FoundOrders SqlOrderSearch::find(const OrderFilter& filter, OrderNumber before, std::size_t limit) {
  const std::int64_t end = before ? before.value : kLastId;
  return database_.read([&](soci::session& session) {
    if (filter.number) return one(session, filter, end);
    if (filter.buyer) return of_buyer(session, filter, end, limit);
    return of_everybody(session, filter, end, limit, most_examined_);
  });
}

}  // namespace stampede::repositories::sql
