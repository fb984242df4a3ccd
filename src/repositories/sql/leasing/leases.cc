#include "repositories/sql/leasing/leases.h"

#include <fmt/format.h>

#include <stdexcept>

#include "repositories/sql/connection/rows.h"
#include "repositories/sql/leasing/leadership.h"

namespace stampede::repositories::sql {

namespace {

/// Another transaction granted the same request; this one must not take units too.
struct GrantedBefore {};
/// The ring was replaced meanwhile: nothing is granted in its name.
struct AnotherRing {};
/// The sale's terms were changed meanwhile, or before: the validator that asked would sell by the
/// old ones.
struct OtherTerms {};
/// The number had been another lease's, which the database lost.
struct UsedNumber {};

void require_units(std::int64_t units) {
  if (units >= 1) return;
  throw std::invalid_argument(fmt::format("a lease of {} units; expected 1 or more", units));
}

bool take_units(soci::session& session, SaleId sale, std::int64_t units) {
  soci::statement take = (session.prepare << "UPDATE sales SET unleased = unleased - :units "
                                             "WHERE id = :sale AND unleased >= :least",
                          soci::use(units), soci::use(sale.value), soci::use(units));
  take.execute(true);
  return take.get_affected_rows() == 1;
}

/// Of a sale whose row this transaction has changed, and keeps until the commit: its terms stay.
bool terms_stand(soci::session& session, const LeaseRequest& request) {
  SaleRow row;
  soci::statement select(session);
  row.define(select);
  select.exchange(soci::use(request.sale.value));
  prepare(select, fmt::format("SELECT {} FROM sales s WHERE s.id = :sale", SaleRow::kColumns));
  return select.execute(true) && request.knows_terms(row.sale());
}

/// Keeps the ring's row until the commit: a transaction that changes the ring waits for that, and
/// then knows the lease.
bool ring_stands(soci::session& session, std::string_view for_share, const LeaseRequest& request) {
  std::int64_t epoch = -1;
  session << fmt::format("SELECT epoch FROM ring WHERE id = 1{}", for_share), soci::into(epoch);
  return epoch == request.ring_epoch;
}

std::optional<StockLease> select_granted(soci::session& session, const LeaseRequest& request) {
  LeaseRow row;
  soci::statement select(session);
  row.define(select);
  select.exchange(soci::use(request.holder));
  select.exchange(soci::use(request.number));
  prepare(select, fmt::format("SELECT {} FROM stock_leases l "
                              "WHERE l.holder = :holder AND l.request = :request",
                              LeaseRow::kColumns));
  if (!select.execute(true)) return std::nullopt;
  return row.lease();
}

/// The locks of the ring and the leader come last, so that neither is held while this waits for the
/// sale's row.
std::optional<StockLease> grant_once(soci::session& session, Dialect& dialect,
                                     const LeaseRequest& request, std::int64_t units, Instant now) {
  if (auto granted = select_granted(session, request)) return granted;
  // It may have waited for the sale while the same request took the last units.
  if (!take_units(session, request.sale, units)) return select_granted(session, request);
  if (!terms_stand(session, request)) throw OtherTerms{};
  const auto created_at = to_column(now);
  try {
    session << "INSERT INTO stock_leases (sale, granted, sold, state, holder, request, "
               "created_at) VALUES (:sale, :granted, 0, 'open', :holder, :request, :created_at)",
        soci::use(request.sale.value), soci::use(units), soci::use(request.holder),
        soci::use(request.number), soci::use(created_at);
  } catch (const soci::soci_error&) {
    if (dialect.is_duplicate(session)) throw GrantedBefore{};
    throw;
  }
  if (!ring_stands(session, dialect.for_share(), request)) throw AnotherRing{};
  auto granted = select_granted(session, request);
  if (granted && granted->id <= request.behind) throw UsedNumber{};
  return granted;
}

LeaseId select_newest(soci::session& session) {
  LeaseId newest;
  session << "SELECT COALESCE(MAX(id), 0) FROM stock_leases", soci::into(newest.value);
  return newest;
}

std::expected<StockLease, NoGrant> granted_or_no_units(std::optional<StockLease> lease) {
  if (!lease) return std::unexpected(NoGrant::kNoUnits);
  return *std::move(lease);
}

void set_fenced(soci::session& session, LeaseId lease) {
  session << "UPDATE stock_leases SET state = 'fenced' WHERE id = :id AND state = 'open'",
      soci::use(lease.value);
}

}  // namespace

std::optional<LeaseId> SqlLeases::grant(SaleId sale, std::int64_t units, Instant now) {
  require_units(units);
  return database_.write([&](soci::session& session) -> std::optional<LeaseId> {
    if (!take_units(session, sale, units)) return std::nullopt;
    const auto created_at = to_column(now);
    session << "INSERT INTO stock_leases (sale, granted, sold, state, created_at) "
               "VALUES (:sale, :granted, 0, 'open', :created_at)",
        soci::use(sale.value), soci::use(units), soci::use(created_at);
    long long id = 0;
    session.get_last_insert_id("stock_leases", id);
    return LeaseId{id};
  });
}

std::expected<StockLease, NoGrant> SqlLeases::grant(const Term& term, const LeaseRequest& request,
                                                    std::int64_t units, Instant now) {
  require_units(units);
  try {
    return granted_or_no_units(database_.write([&](soci::session& session) {
      auto lease = grant_once(session, database_.dialect(), request, units, now);
      require_leader(session, database_.dialect(), term);
      return lease;
    }));
  } catch (const GrantedBefore&) {
    return granted_or_no_units(database_.write([&](soci::session& session) {
      auto lease = select_granted(session, request);
      require_leader(session, database_.dialect(), term);
      return lease;
    }));
  } catch (const AnotherRing&) {
    return std::unexpected(NoGrant::kAnotherRing);
  } catch (const OtherTerms&) {
    return std::unexpected(NoGrant::kOtherTerms);
  } catch (const UsedNumber&) {
    return std::unexpected(NoGrant::kUsedNumber);
  }
}

/// By a lease of no sale, which stays: both databases count on from the greatest number there is,
/// and a replica does too.
void SqlLeases::continue_behind(const Term& term, LeaseId lease, Instant now) {
  database_.write([&](soci::session& session) {
    if (select_newest(session) < lease) {
      const auto created_at = to_column(now);
      session << "INSERT INTO stock_leases (id, sale, granted, sold, state, created_at) "
                 "VALUES (:id, 0, 0, 0, 'closed', :created_at)",
          soci::use(lease.value), soci::use(created_at);
    }
    require_leader(session, database_.dialect(), term);
  });
}

LeaseId SqlLeases::newest_lease() { return database_.read(select_newest); }

void SqlLeases::fence(LeaseId lease) {
  database_.write([&](soci::session& session) { set_fenced(session, lease); });
}

void SqlLeases::fence(const Term& term, LeaseId lease) {
  database_.write([&](soci::session& session) {
    set_fenced(session, lease);
    require_leader(session, database_.dialect(), term);
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

std::vector<SalePosition> SqlLeases::stock(Instant ended_after) {
  return database_.read([&](soci::session& session) {
    const auto after = to_column(ended_after);
    SaleRow row;
    std::int64_t leased = 0;
    std::int64_t failed = 0;
    Nullable settled_at;
    soci::statement select(session);
    row.define(select);
    select.exchange(soci::into(failed));
    select.exchange(soci::into(leased));
    select.exchange(into(settled_at));
    select.exchange(soci::use(after));
    prepare(
        select,
        fmt::format("SELECT {}, s.failed, open_leases.unsold, "
                    "CASE WHEN s.unleased = 0 AND open_leases.leases = 0 "
                    "THEN s.last_closed_at END FROM sales s JOIN "
                    "(SELECT s.id, COUNT(l.id) AS leases, "
                    "COALESCE(SUM(l.granted - l.sold), 0) AS unsold FROM sales s "
                    "LEFT JOIN stock_leases l ON l.sale = s.id "
                    "AND l.state IN ('open', 'fenced') "
                    "WHERE {} GROUP BY s.id) open_leases ON open_leases.id = s.id ORDER BY s.id",
                    SaleRow::kColumns, SaleRow::kNotEnded));
    std::vector<SalePosition> stock;
    for (select.execute(); select.fetch();) {
      SalePosition& position = stock.emplace_back(SalePosition::from_stock(row.sale(), leased));
      position.failed = failed;
      position.settled_at = settled_at.instant();
    }
    return stock;
  });
}

}  // namespace stampede::repositories::sql
