#include "repositories/sql/leases.h"

#include <fmt/format.h>

#include <stdexcept>

#include "repositories/sql/rows.h"

namespace stampede::repositories::sql {

std::optional<LeaseId> SqlLeases::grant(SaleId sale, std::int64_t units, Instant now) {
  if (units < 1) {
    throw std::invalid_argument(fmt::format("a lease of {} units; expected 1 or more", units));
  }
  return database_.write([&](soci::session& session) -> std::optional<LeaseId> {
    soci::statement take = (session.prepare << "UPDATE sales SET unleased = unleased - :units "
                                               "WHERE id = :sale AND unleased >= :least",
                            soci::use(units), soci::use(sale.value), soci::use(units));
    take.execute(true);
    if (take.get_affected_rows() != 1) return std::nullopt;

    const auto created_at = to_column(now);
    session << "INSERT INTO stock_leases (sale, granted, sold, state, created_at) "
               "VALUES (:sale, :granted, 0, 'open', :created_at)",
        soci::use(sale.value), soci::use(units), soci::use(created_at);
    long long id = 0;
    session.get_last_insert_id("stock_leases", id);
    return LeaseId{id};
  });
}

void SqlLeases::fence(LeaseId lease) {
  database_.write([&](soci::session& session) {
    session << "UPDATE stock_leases SET state = 'fenced' WHERE id = :id AND state = 'open'",
        soci::use(lease.value);
  });
}

std::vector<StockLease> SqlLeases::not_closed() {
  return database_.read([](soci::session& session) {
    LeaseRow row;
    soci::statement select(session);
    row.define(select);
    // Named one by one: "not closed" would not find the index.
    prepare(select, fmt::format("SELECT {} FROM stock_leases l "
                                "WHERE l.state IN ('open', 'fenced') ORDER BY l.id",
                                LeaseRow::kColumns));
    std::vector<StockLease> leases;
    for (select.execute(); select.fetch();) leases.push_back(row.lease());
    return leases;
  });
}

std::vector<StockSnapshot> SqlLeases::stock(Instant ended_after) {
  return database_.read([&](soci::session& session) {
    const auto after = to_column(ended_after);
    StockSnapshot row;
    soci::statement select =
        (session.prepare << "SELECT s.id, s.quantity, s.unleased, "
                            "COALESCE(SUM(l.granted - l.sold), 0) FROM sales s "
                            "LEFT JOIN stock_leases l ON l.sale = s.id "
                            "AND l.state IN ('open', 'fenced') "
                            "WHERE s.ends_at IS NULL OR s.ends_at > :after "
                            "GROUP BY s.id, s.quantity, s.unleased ORDER BY s.id",
         soci::use(after), soci::into(row.sale.value), soci::into(row.quantity),
         soci::into(row.unleased), soci::into(row.leased_unsold));
    std::vector<StockSnapshot> stock;
    for (select.execute(); select.fetch();) stock.push_back(row);
    return stock;
  });
}

}  // namespace stampede::repositories::sql
