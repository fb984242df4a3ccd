#include "repositories/sql/search/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "repositories/sql/connection/rows.h"

namespace stampede::repositories::sql {
namespace {

/// Which sales: a condition on `sales s` with one value.
struct Choice {
  const char* condition;
  std::int64_t value;
};

std::vector<PositionByHolder> select_sales(soci::session& session, const Choice& choice) {
  SaleRow row;
  std::int64_t failed = 0;
  std::int64_t returned = 0;
  soci::statement select(session);
  row.define(select);
  select.exchange(soci::into(failed));
  select.exchange(soci::into(returned));
  select.exchange(soci::use(choice.value));
  prepare(select, fmt::format("SELECT {}, s.failed, s.returned FROM sales s WHERE {} ORDER BY s.id",
                              SaleRow::kColumns, choice.condition));
  std::vector<PositionByHolder> units;
  for (select.execute(); select.fetch();) {
    PositionByHolder& each = units.emplace_back();
    each.sale = row.sale();
    each.failed = failed;
    each.sold = -returned;  // of what leases were charged for, which is added
  }
  return units;
}

/// "a/0123456789abcdef" → "a": leases of a node from before and after its restart are added up.
std::string node_of(const std::string& holder) { return holder.substr(0, holder.find('/')); }

void add_leased(PositionByHolder& units, const LeaseRow& row) {
  const LeasedByNode added{.node = node_of(row.holder),
                           .state = row.state == "fenced" ? LeaseState::kFenced : LeaseState::kOpen,
                           .granted = row.granted,
                           .sold = row.sold};
  auto leased = std::ranges::find_if(units.leased_by_node, [&](const LeasedByNode& known) {
    return known.node == added.node && known.state == added.state;
  });
  if (leased == units.leased_by_node.end()) {
    units.leased_by_node.push_back(added);
  } else {
    leased->granted += added.granted;
    leased->sold += added.sold;
  }
  units.leased += added.unsold();
}

/// The database groups the leases, so that a thousand closed ones are one row. Their states are
/// named because the index over (state, sale) serves no other condition.
void add_leases(soci::session& session, const Choice& choice,
                std::vector<PositionByHolder>& units) {
  LeaseRow row;
  soci::statement select(session);
  select.exchange(soci::into(row.sale));
  select.exchange(soci::into(row.state));
  select.exchange(soci::into(row.holder));
  select.exchange(soci::into(row.granted));
  select.exchange(soci::into(row.sold));
  select.exchange(soci::use(choice.value));
  prepare(select, fmt::format("SELECT l.sale, l.state, "
                              "CASE WHEN l.state = 'closed' THEN '' ELSE l.holder END "
                              "AS open_holder, SUM(l.granted), SUM(l.sold) "
                              "FROM sales s JOIN stock_leases l ON l.sale = s.id "
                              "AND l.state IN ('open', 'fenced', 'closed') "
                              "WHERE {} GROUP BY l.sale, l.state, open_holder",
                              choice.condition));
  for (select.execute(); select.fetch();) {
    const auto sale = std::ranges::find(
        units, row.sale, [](const PositionByHolder& each) { return each.sale.id.value; });
    if (sale == units.end()) continue;
    sale->sold += row.sold;
    if (row.state != "closed") add_leased(*sale, row);
  }
  for (PositionByHolder& each : units) {
    std::ranges::sort(each.leased_by_node, {}, [](const LeasedByNode& leased) {
      return std::pair(leased.node, leased.state);
    });
  }
}

std::vector<PositionByHolder> select_units(Database& database, const Choice& choice) {
  return database.read([&](soci::session& session) {
    auto units = select_sales(session, choice);
    add_leases(session, choice, units);
    return units;
  });
}

}  // namespace

std::optional<PositionByHolder> SqlUnitCounts::units(SaleId sale) {
  auto units = select_units(database_, {"s.id = :id", sale.value});
  if (units.empty()) return std::nullopt;
  return std::move(units.front());
}

std::vector<PositionByHolder> SqlUnitCounts::recent_units(Instant ended_after) {
  return select_units(database_,
                      {"(s.ends_at IS NULL OR s.ends_at > :after)", to_column(ended_after)});
}

}  // namespace stampede::repositories::sql
