#include "repositories/sql/orders/order_history.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "model/orders/order_number.h"
#include "repositories/sql/connection/rows.h"
#include "repositories/sql/orders/event_row.h"

namespace stampede::repositories::sql {
namespace {

std::vector<std::int64_t> select_ends(soci::session& session) {
  std::int64_t seq = 0;
  soci::statement select =
      (session.prepare << "SELECT last_seq FROM queue_shards ORDER BY shard", soci::into(seq));
  std::vector<std::int64_t> ends;
  for (select.execute(); select.fetch();) ends.push_back(seq);
  return ends;
}

/// A part of a shard's numbers: above `last`, up to `end`.
struct Range {
  std::int64_t last = 0;
  std::int64_t end = 0;
  std::int64_t shards = 1;
  std::size_t most = 0;
};

HistoryEntry created(const OrderRow& row) {
  return {.order = row.order(), .product = {}, .price_cents = 0};
}

HistoryEntry changed(const OrderRow& row, const EventRow& event) {
  HistoryEntry entry{.order = after(row.order(), event.event()), .product = {}};
  entry.event = event.event();
  return entry;
}

/// Failed ones too: they have a seq.
std::vector<HistoryEntry> select_created(soci::session& session, const Range& range) {
  OrderRow row;
  soci::statement select(session);
  row.define(select);
  for (const auto* value : {&range.last, &range.end, &range.last, &range.shards}) {
    select.exchange(soci::use(*value));
  }
  select.exchange(soci::use(range.most));
  prepare(select, fmt::format("SELECT {} FROM orders o WHERE o.number > :last "
                              "AND o.number <= :end AND (o.number - :same) % :shards = 0 "
                              "ORDER BY o.number LIMIT :most",
                              OrderRow::kColumns));
  std::vector<HistoryEntry> entries;
  for (select.execute(); select.fetch();) entries.push_back(created(row));
  return entries;
}

std::vector<HistoryEntry> select_events(soci::session& session, const Range& range) {
  OrderRow row;
  EventRow event;
  soci::statement select(session);
  row.define(select);
  event.define(select);
  for (const auto* value : {&range.last, &range.end, &range.last, &range.shards}) {
    select.exchange(soci::use(*value));
  }
  select.exchange(soci::use(range.most));
  prepare(select, fmt::format("SELECT {}, {} FROM order_events e "
                              "JOIN orders o ON o.number = e.order_number WHERE e.number > :last "
                              "AND e.number <= :end AND (e.number - :same) % :shards = 0 "
                              "ORDER BY e.number LIMIT :most",
                              OrderRow::kColumns, EventRow::kColumns));
  std::vector<HistoryEntry> entries;
  for (select.execute(); select.fetch();) entries.push_back(changed(row, event));
  return entries;
}

/// Each entry gets its sale's product and price. Apart from the orders: a server that is to join
/// both might begin with the sales, and read all orders.
void add_products(soci::session& session, std::vector<HistoryEntry>& entries) {
  std::set<std::int64_t> sales;
  for (const HistoryEntry& entry : entries) sales.insert(entry.order.sale.value);
  if (sales.empty()) return;
  std::int64_t id = 0;
  std::int64_t product = 0;
  std::int64_t price_cents = 0;
  soci::statement select =
      (session.prepare << fmt::format("SELECT id, product, price_cents FROM sales WHERE id IN ({})",
                                      fmt::join(sales, ",")),
       soci::into(id), soci::into(product), soci::into(price_cents));
  std::map<std::int64_t, std::pair<std::int64_t, std::int64_t>> known;
  for (select.execute(); select.fetch();) known[id] = {product, price_cents};
  for (HistoryEntry& entry : entries) {
    const auto& [its_product, its_price] = known[entry.order.sale.value];
    entry.product = {its_product};
    entry.price_cents = its_price;
  }
}

std::optional<HistoryEntry> select_entry(soci::session& session, const Range& range) {
  auto entries = select_created(session, range);
  if (entries.empty()) entries = select_events(session, range);
  if (entries.empty() || entries.front().order.status == OrderStatus::kFailed) return std::nullopt;
  add_products(session, entries);
  return entries.front();
}

}  // namespace

std::vector<std::int64_t> SqlOrderHistory::ends() { return database_.read(select_ends); }

HistoryPage SqlOrderHistory::since(std::int32_t shard, std::int64_t after, std::size_t most) {
  return database_.read([&](soci::session& session) {
    const auto ends = select_ends(session);
    const auto shards = static_cast<std::int64_t>(ends.size());
    const std::int64_t newest = ends.at(static_cast<std::size_t>(shard));
    if (after >= newest) return HistoryPage{.entries = {}, .up_to = after};
    const Range range{.last = number_of(after, shard, shards).value,
                      .end = number_of(newest, shard, shards).value,
                      .shards = shards,
                      .most = most};
    HistoryPage page{.entries = select_created(session, range), .up_to = newest};
    const auto orders = std::ssize(page.entries);
    auto events = select_events(session, range);
    const bool all = static_cast<std::size_t>(orders) < most && events.size() < most;
    std::ranges::move(events, std::back_inserter(page.entries));
    const auto seq_of = [](const HistoryEntry& entry) { return entry.order.seq; };
    std::ranges::inplace_merge(page.entries, page.entries.begin() + orders, {}, seq_of);
    if (page.entries.size() > most) page.entries.resize(most, page.entries.front());
    if (!all || page.entries.size() == most) page.up_to = seq_of(page.entries.back());
    std::erase_if(page.entries, [](const HistoryEntry& entry) {
      return entry.order.status == OrderStatus::kFailed;
    });
    add_products(session, page.entries);
    return page;
  });
}

std::optional<HistoryEntry> SqlOrderHistory::find(std::int32_t shard, std::int64_t seq) {
  return database_.read([&](soci::session& session) {
    const auto shards = static_cast<std::int64_t>(select_ends(session).size());
    const std::int64_t number = number_of(seq, shard, shards).value;
    return select_entry(session, {.last = number - 1, .end = number, .shards = 1, .most = 1});
  });
}

}  // namespace stampede::repositories::sql
