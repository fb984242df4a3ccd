#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string>

#include "repositories/sql/connection/mariadb.h"
#include "repositories/sql/connection/order_batch.h"
#include "repositories/sql/connection/other_sales.h"
#include "repositories/sql/connection/rows.h"

namespace stampede::repositories::sql {
namespace {

/// Rows that one statement names. More made it no faster, and 1,000 rows of orders are 150 KB of
/// text, far below any server's max_allowed_packet.
constexpr std::size_t kRowsPerStatement = 1'000;

/// "1,2,3". Only integers can be written with this, so nothing is to be quoted.
template <class Rows, class Id>
std::string list_of(const Rows& rows, Id id) {
  fmt::memory_buffer text;
  for (const auto& row : rows) {
    const std::int64_t value = id(row).value;
    fmt::format_to(std::back_inserter(text), "{}{}", text.size() == 0 ? "" : ",", value);
  }
  return fmt::to_string(text);
}

void append_number(fmt::memory_buffer& text, std::optional<std::int64_t> number) {
  if (number) {
    fmt::format_to(std::back_inserter(text), "{}", *number);
  } else {
    fmt::format_to(std::back_inserter(text), "NULL");
  }
}

/// Writes literals: numbers, names of enumerators, and the intent, whose type allows only
/// A-Z a-z 0-9 - _, so that no text can end its quotes.
void append_values(fmt::memory_buffer& text, const Order& order) {
  const auto out = std::back_inserter(text);
  fmt::format_to(out, "({},{},{},'{}',", order.number.value, order.sale.value, order.buyer.value,
                 order.intent.text());
  append_number(text, order.slot);
  fmt::format_to(out, ",{},'{}','{}',{},{},", order.lease.value, to_column(order.status),
                 to_string(order.reason), order.seq, to_column(order.created_at));
  append_number(text, order.pay_by ? std::optional{to_column(*order.pay_by)} : std::nullopt);
  text.push_back(')');
}

class MultiRowOrderBatch final : public OrderBatch {
 public:
  explicit MultiRowOrderBatch(soci::session& session) : session_(session) {}

  void lock_buyers(std::span<const UserId> ascending) override {
    while (!ascending.empty()) {
      const auto ids = ascending.first(std::min(ascending.size(), kRowsPerStatement));
      // The index is named because the server would choose by its statistics, and a scan would wait
      // for the locks of every transaction. Along the primary key rows are locked in its order.
      std::int64_t found = 0;
      session_ << fmt::format(
          "SELECT COUNT(*) FROM users u FORCE INDEX (PRIMARY) WHERE u.id IN ({}) FOR UPDATE",
          list_of(ids, [](UserId id) { return id; })),
          soci::into(found);
      ascending = ascending.subspan(ids.size());
    }
  }

  std::vector<ChargedLease> lock_leases(std::span<const LeaseId> ascending) override {
    std::vector<ChargedLease> leases;
    other_sales_.clear();
    while (!ascending.empty()) {
      const auto ids = ascending.first(std::min(ascending.size(), kRowsPerStatement));
      add_leases(ids, leases);
      ascending = ascending.subspan(ids.size());
    }
    return leases;
  }

  std::vector<Order> orders_of(std::span<const SaleBuyer> ascending) override {
    std::vector<Order> found;
    for_each_chunk(other_sales_.with_others(ascending), kRowsPerStatement,
                   [&](SaleId sale, std::span<const SaleBuyer> buyers) {
                     add_orders_of(sale, buyers, found);
                   });
    return found;
  }

  void insert(std::span<const Order> orders) override {
    while (!orders.empty()) {
      const auto rows = orders.first(std::min(orders.size(), kRowsPerStatement));
      fmt::memory_buffer text;
      fmt::format_to(std::back_inserter(text), "INSERT INTO orders ({}) VALUES ", OrderRow::kNames);
      for (const Order& order : rows) {
        if (&order != rows.data()) text.push_back(',');
        append_values(text, order);
      }
      execute(session_, {text.data(), text.size()});
      orders = orders.subspan(rows.size());
    }
  }

 private:
  /// The sale's rules and the other sales come from subqueries, whose rows are not locked: all
  /// shards read the same sale's row and must not wait for each other.
  void add_leases(std::span<const LeaseId> ids, std::vector<ChargedLease>& leases) {
    LeaseRow row;
    std::int32_t per_buyer_limit = 0;
    Nullable hold;
    std::string other_sales;
    soci::statement select(session_);
    row.define(select);
    select.exchange(soci::into(per_buyer_limit));
    select.exchange(into(hold));
    select.exchange(soci::into(other_sales));
    prepare(select,
            fmt::format("SELECT {}, (SELECT s.per_buyer_limit FROM sales s WHERE s.id = l.sale), "
                        "(SELECT s.hold_seconds FROM sales s WHERE s.id = l.sale), {} FROM "
                        "stock_leases l FORCE INDEX (PRIMARY) WHERE l.id IN ({}) "
                        "ORDER BY l.id FOR UPDATE",
                        LeaseRow::kColumns, OtherSales::column("l.sale"),
                        list_of(ids, [](LeaseId id) { return id; })));
    for (select.execute(); select.fetch();) {
      leases.push_back({row.lease(), per_buyer_limit, hold_of(hold)});
      other_sales_.note({row.sale}, other_sales);
    }
  }

  /// Under READ COMMITTED this sees what was committed before the buyers' rows were locked.
  void add_orders_of(SaleId sale, std::span<const SaleBuyer> buyers, std::vector<Order>& found) {
    OrderRow row;
    soci::statement select(session_);
    row.define(select);
    prepare(select, fmt::format("SELECT {} FROM orders o FORCE INDEX (orders_by_buyer) "
                                "WHERE o.sale = {} AND o.buyer IN ({})",
                                OrderRow::kColumnsNow, sale.value,
                                list_of(buyers, [](const SaleBuyer& pair) { return pair.buyer; })));
    for (select.execute(); select.fetch();) found.push_back(row.order());
  }

  soci::session& session_;
  OtherSales other_sales_;
};

}  // namespace

std::unique_ptr<OrderBatch> make_multi_row_order_batch(soci::session& session) {
  return std::make_unique<MultiRowOrderBatch>(session);
}

}  // namespace stampede::repositories::sql
