#include "repositories/sql/search/audit.h"

#include <fmt/format.h>

#include <map>
#include <string>
#include <string_view>

#include "model/orders/payment.h"
#include "repositories/sql/connection/rows.h"

namespace stampede::repositories::sql {
namespace {

using AuditedSales = std::map<std::int64_t, AuditedSale>;

AuditedSales select_sales(soci::session& session) {
  SaleRow row;
  std::string product_name;
  soci::statement select(session);
  row.define(select);
  select.exchange(soci::into(product_name));
  prepare(select, fmt::format("SELECT {}, p.name FROM sales s "
                              "JOIN products p ON p.id = s.product",
                              SaleRow::kColumns));
  AuditedSales audited_sales;
  for (select.execute(); select.fetch();) {
    auto& audited = audited_sales[row.id];
    audited.sale = row.sale();
    audited.product_name = product_name;
  }
  return audited_sales;
}

void add_leases(soci::session& session, AuditedSales& audited_sales) {
  LeaseRow row;
  soci::statement select(session);
  row.define(select);
  prepare(select, fmt::format("SELECT {} FROM stock_leases l ORDER BY l.id", LeaseRow::kColumns));
  for (select.execute(); select.fetch();) {
    const auto audited = audited_sales.find(row.sale);
    if (audited != audited_sales.end()) audited->second.leases.push_back(row.lease());
  }
}

/// Counts orders, and compares what each lease was charged with the orders that name it.
void add_counts(soci::session& session, AuditedSales& audited_sales) {
  std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> active;  // of a sale and a lease
  std::int64_t sale = 0, lease = 0, count = 0;
  std::string status;
  const std::string success = to_column(OrderStatus::kSuccess);
  // Grouped by lease first: grouped by sale, the database would go along the unique index and fetch
  // each row from another place.
  soci::statement select =
      (session.prepare << "SELECT sale, lease, status, COUNT(*) FROM orders "
                          "GROUP BY lease, sale, status",
       soci::into(sale), soci::into(lease), soci::into(status), soci::into(count));
  for (select.execute(); select.fetch();) {
    if (status == success) active[{sale, lease}] = count;
    const auto audited = audited_sales.find(sale);
    if (audited == audited_sales.end()) continue;
    (status == success ? audited->second.active : audited->second.failed) += count;
  }
  for (auto& [id, audited] : audited_sales) {
    for (const auto& charged : audited.leases) {
      const auto orders = active.extract({id, charged.id.value});
      if (charged.sold != (orders ? orders.mapped() : 0)) {
        audited.mischarged_leases.push_back(charged.id);
      }
    }
  }
  for (const auto& [key, orders] : active) {  // these name a lease that their sale does not have
    const auto audited = audited_sales.find(key.first);
    if (audited != audited_sales.end()) audited->second.mischarged_leases.push_back({key.second});
  }
}

/// Orders `o` that held a unit and hold it no more, by their newest event.
std::string gave_back() {
  return fmt::format("{} IN ('cancelled', 'expired', 'refund_due', 'refunded')", kNewestKind);
}

/// They are no active ones. Their leases stay charged for them.
void add_given_back(soci::session& session, AuditedSales& audited_sales) {
  std::int64_t sale = 0, count = 0;
  soci::statement select =
      (session.prepare << fmt::format(
           "SELECT o.sale, COUNT(*) FROM (SELECT DISTINCT order_number FROM order_events) c "
           "JOIN orders o ON o.number = c.order_number WHERE {} GROUP BY o.sale",
           gave_back()),
       soci::into(sale), soci::into(count));
  for (select.execute(); select.fetch();) {
    const auto audited = audited_sales.find(sale);
    if (audited == audited_sales.end()) continue;
    audited->second.given_back += count;
    audited->second.active -= count;
  }
}

void add_money(soci::session& session, AuditedSales& audited_sales) {
  std::int64_t sale = 0;
  std::string state;
  repositories::Money money;
  soci::statement select =
      (session.prepare << "SELECT o.sale, p.state, COUNT(*), SUM(p.amount_cents) FROM payments p "
                          "JOIN orders o ON o.number = p.order_number GROUP BY o.sale, p.state",
       soci::into(sale), soci::into(state), soci::into(money.payments), soci::into(money.cents));
  for (select.execute(); select.fetch();) {
    const auto audited = audited_sales.find(sale);
    if (audited == audited_sales.end()) continue;
    if (state == to_string(PaymentState::kKept)) audited->second.kept = money;
    if (state == to_string(PaymentState::kRefundDue)) audited->second.refund_due = money;
    if (state == to_string(PaymentState::kRefunded)) audited->second.refunded = money;
  }
}

/// Runs a SELECT of (sale, count) and adds each count to that member of its sale.
void add_counted(soci::session& session, AuditedSales& audited_sales,
                 std::int64_t AuditedSale::*member, const std::string& sql) {
  std::int64_t sale = 0, count = 0;
  soci::statement select = (session.prepare << sql, soci::into(sale), soci::into(count));
  for (select.execute(); select.fetch();) {
    const auto audited = audited_sales.find(sale);
    if (audited != audited_sales.end()) audited->second.*member += count;
  }
}

// Both look closely only at buyers who have several rows, which the unique index alone tells.
std::string buyers_over_limit() {
  return fmt::format(
      "SELECT b.sale, COUNT(*) FROM "
      "(SELECT o.sale, o.buyer, COUNT(*) AS active FROM orders o "
      " JOIN (SELECT sale, buyer FROM orders GROUP BY sale, buyer HAVING COUNT(*) > 1) m "
      " ON m.sale = o.sale AND m.buyer = o.buyer "
      " WHERE o.status = 'success' AND NOT COALESCE({}, FALSE) GROUP BY o.sale, o.buyer) b "
      "JOIN sales s ON s.id = b.sale WHERE b.active > s.per_buyer_limit GROUP BY b.sale",
      gave_back());
}
constexpr const char* kDoubledIntents =
    "SELECT d.sale, COUNT(*) FROM "
    "(SELECT o.sale, o.buyer, o.intent FROM orders o "
    " JOIN (SELECT sale, buyer FROM orders GROUP BY sale, buyer HAVING COUNT(*) > 1) m "
    " ON m.sale = o.sale AND m.buyer = o.buyer "
    " GROUP BY o.sale, o.buyer, o.intent HAVING COUNT(*) > 1) d "
    "GROUP BY d.sale";

// Active orders whose buyer and intent have an active order in another sale too. Only orders of
// buyers of several sales are grouped, and the unique index tells who they are; they are looked up
// by IN, for which both databases make an index of them, as for a join they need not.
constexpr const char* kIntentsOfOtherSales =
    "SELECT o.sale, COUNT(*) FROM "
    "(SELECT a.buyer, a.intent FROM orders a WHERE a.status = 'success' AND a.buyer IN "
    " (SELECT b.buyer FROM (SELECT DISTINCT sale, buyer FROM orders) b "
    "  GROUP BY b.buyer HAVING COUNT(*) > 1) "
    " GROUP BY a.buyer, a.intent HAVING COUNT(DISTINCT a.sale) > 1) d "
    "JOIN sales s JOIN orders o ON o.sale = s.id AND o.buyer = d.buyer AND o.intent = d.intent "
    "AND o.status = 'success' GROUP BY o.sale";

/// Each paid order keeps one payment, of the amount that its event says, and each payment that is
/// kept is one of those.
constexpr const char* kMispaid =
    "SELECT m.sale, COUNT(*) FROM (SELECT o.sale, n.kind, n.amount_cents, "
    " (SELECT COUNT(*) FROM payments p WHERE p.order_number = o.number AND p.state = 'kept') "
    "  AS kept, "
    " (SELECT MAX(p.amount_cents) FROM payments p WHERE p.order_number = o.number "
    "  AND p.state = 'kept') AS cents "
    " FROM (SELECT order_number FROM payments UNION SELECT order_number FROM order_events "
    "  WHERE kind = 'paid') c JOIN orders o ON o.number = c.order_number "
    " LEFT JOIN order_events n ON n.number = (SELECT MAX(e.number) FROM order_events e "
    "  WHERE e.order_number = o.number)) m "
    "WHERE m.kept <> CASE WHEN m.kind = 'paid' THEN 1 ELSE 0 END "
    "OR (m.kind = 'paid' AND m.cents <> m.amount_cents) GROUP BY m.sale";

}  // namespace

std::vector<AuditedSale> SqlAudit::audited_sales() {
  return database_.read([](soci::session& session) {
    auto audited_sales = select_sales(session);
    add_leases(session, audited_sales);
    add_counts(session, audited_sales);
    add_given_back(session, audited_sales);
    add_money(session, audited_sales);
    add_counted(session, audited_sales, &AuditedSale::returned, "SELECT id, returned FROM sales");
    add_counted(session, audited_sales, &AuditedSale::failed_as_counted,
                "SELECT id, failed FROM sales");
    add_counted(session, audited_sales, &AuditedSale::added_while_on,
                "SELECT id, added_while_on FROM sales");
    add_counted(session, audited_sales, &AuditedSale::buyers_over_limit, buyers_over_limit());
    add_counted(session, audited_sales, &AuditedSale::mispaid, kMispaid);
    add_counted(session, audited_sales, &AuditedSale::doubled_intents, kDoubledIntents);
    add_counted(session, audited_sales, &AuditedSale::doubled_intents, kIntentsOfOtherSales);
    std::vector<AuditedSale> in_order;
    for (auto& [id, audited] : audited_sales) in_order.push_back(std::move(audited));
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
