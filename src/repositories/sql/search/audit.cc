#include "repositories/sql/search/audit.h"

#include <fmt/format.h>

#include <map>
#include <string>

#include "repositories/sql/connection/rows.h"

namespace stampede::repositories::sql {
namespace {

using Ledgers = std::map<std::int64_t, SaleLedger>;

Ledgers select_sales(soci::session& session) {
  SaleRow row;
  std::string product_name;
  soci::statement select(session);
  row.define(select);
  select.exchange(soci::into(product_name));
  prepare(select, fmt::format("SELECT {}, p.name FROM sales s "
                              "JOIN products p ON p.id = s.product",
                              SaleRow::kColumns));
  Ledgers ledgers;
  for (select.execute(); select.fetch();) {
    auto& ledger = ledgers[row.id];
    ledger.sale = row.sale();
    ledger.product_name = product_name;
  }
  return ledgers;
}

void add_leases(soci::session& session, Ledgers& ledgers) {
  LeaseRow row;
  soci::statement select(session);
  row.define(select);
  prepare(select, fmt::format("SELECT {} FROM stock_leases l ORDER BY l.id", LeaseRow::kColumns));
  for (select.execute(); select.fetch();) {
    const auto ledger = ledgers.find(row.sale);
    if (ledger != ledgers.end()) ledger->second.leases.push_back(row.lease());
  }
}

/// Counts orders, and compares what each lease was charged with the orders that name it.
void add_counts(soci::session& session, Ledgers& ledgers) {
  std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> live;  // of a sale and a lease
  std::int64_t sale = 0, lease = 0, count = 0;
  std::string status;
  const std::string success = to_column(OrderStatus::kSuccess);
  // By lease first: by sale it would walk the unique index and fetch each row from another place.
  soci::statement select =
      (session.prepare << "SELECT sale, lease, status, COUNT(*) FROM orders "
                          "GROUP BY lease, sale, status",
       soci::into(sale), soci::into(lease), soci::into(status), soci::into(count));
  for (select.execute(); select.fetch();) {
    if (status == success) live[{sale, lease}] = count;
    const auto ledger = ledgers.find(sale);
    if (ledger == ledgers.end()) continue;
    (status == success ? ledger->second.live : ledger->second.failed) += count;
  }
  for (auto& [id, ledger] : ledgers) {
    for (const auto& charged : ledger.leases) {
      const auto orders = live.extract({id, charged.id.value});
      if (charged.sold != (orders ? orders.mapped() : 0)) {
        ledger.mischarged_leases.push_back(charged.id);
      }
    }
  }
  for (const auto& [key, orders] : live) {  // these name a lease that their sale does not have
    const auto ledger = ledgers.find(key.first);
    if (ledger != ledgers.end()) ledger->second.mischarged_leases.push_back({key.second});
  }
}

/// Runs a SELECT of (sale, count) and adds each count to its ledger's.
void add_counted(soci::session& session, Ledgers& ledgers, std::int64_t SaleLedger::*member,
                 const std::string& sql) {
  std::int64_t sale = 0, count = 0;
  soci::statement select = (session.prepare << sql, soci::into(sale), soci::into(count));
  for (select.execute(); select.fetch();) {
    const auto ledger = ledgers.find(sale);
    if (ledger != ledgers.end()) ledger->second.*member += count;
  }
}

// Both look closely only at buyers who have several rows, which the unique index alone tells.
constexpr const char* kBuyersOverLimit =
    "SELECT b.sale, COUNT(*) FROM "
    "(SELECT o.sale, o.buyer, COUNT(*) AS live FROM orders o "
    " JOIN (SELECT sale, buyer FROM orders GROUP BY sale, buyer HAVING COUNT(*) > 1) m "
    " ON m.sale = o.sale AND m.buyer = o.buyer "
    " WHERE o.status = 'success' GROUP BY o.sale, o.buyer) b "
    "JOIN sales s ON s.id = b.sale WHERE b.live > s.per_buyer_limit GROUP BY b.sale";
constexpr const char* kDoubledIntents =
    "SELECT d.sale, COUNT(*) FROM "
    "(SELECT o.sale, o.buyer, o.intent FROM orders o "
    " JOIN (SELECT sale, buyer FROM orders GROUP BY sale, buyer HAVING COUNT(*) > 1) m "
    " ON m.sale = o.sale AND m.buyer = o.buyer "
    " GROUP BY o.sale, o.buyer, o.intent HAVING COUNT(*) > 1) d "
    "GROUP BY d.sale";

// Live orders whose buyer and intent have a live order in another sale of the product too. Only
// buyers of several sales of one product are looked at, and the unique index tells who they are.
constexpr const char* kIntentsOfOtherSales =
    "SELECT o.sale, COUNT(*) FROM "
    "(SELECT s.product, b.buyer FROM sales s "
    " JOIN (SELECT DISTINCT sale, buyer FROM orders) b ON b.sale = s.id "
    " WHERE s.product IN (SELECT product FROM sales GROUP BY product HAVING COUNT(*) > 1) "
    " GROUP BY s.product, b.buyer HAVING COUNT(*) > 1) m "
    "JOIN sales t ON t.product = m.product "
    "JOIN orders o ON o.sale = t.id AND o.buyer = m.buyer AND o.status = 'success' "
    "WHERE EXISTS (SELECT 1 FROM sales u JOIN orders p ON p.sale = u.id AND p.buyer = o.buyer "
    " WHERE u.product = m.product AND u.id <> t.id AND p.intent = o.intent "
    " AND p.status = 'success') GROUP BY o.sale";

}  // namespace

std::vector<SaleLedger> SqlAudit::ledgers() {
  return database_.read([](soci::session& session) {
    auto ledgers = select_sales(session);
    add_leases(session, ledgers);
    add_counts(session, ledgers);
    add_counted(session, ledgers, &SaleLedger::failed_as_counted, "SELECT id, failed FROM sales");
    add_counted(session, ledgers, &SaleLedger::added_while_on,
                "SELECT id, added_while_on FROM sales");
    add_counted(session, ledgers, &SaleLedger::buyers_over_limit, kBuyersOverLimit);
    add_counted(session, ledgers, &SaleLedger::doubled_intents, kDoubledIntents);
    add_counted(session, ledgers, &SaleLedger::doubled_intents, kIntentsOfOtherSales);
    std::vector<SaleLedger> in_order;
    for (auto& [id, ledger] : ledgers) in_order.push_back(std::move(ledger));
    return in_order;
  });
}

void SqlAudit::for_each_order(SaleId sale, const std::function<void(const Order&)>& visit) {
  database_.read([&](soci::session& session) {
    std::int64_t first = 0;
    session << "SELECT first_number FROM sales WHERE id = :id", soci::use(sale.value),
        soci::into(first);
    if (!session.got_data()) return;
    visit_orders(session, first, [&](const Order& order) {
      if (order.sale == sale) visit(order);
    });
  });
}

}  // namespace stampede::repositories::sql
