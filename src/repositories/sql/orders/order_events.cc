#include "repositories/sql/orders/order_events.h"

#include <fmt/format.h>

#include <string>

#include "model/orders/order_number.h"
#include "model/orders/shard_end.h"
#include "repositories/sql/connection/rows.h"

namespace stampede::repositories::sql {
namespace {

std::optional<OrderEventKind> kind_named(std::string_view name) {
  if (name == to_string(OrderEventKind::kCancelled)) return OrderEventKind::kCancelled;
  return std::nullopt;
}

/// `order_events e`, as SOCI fills it.
struct EventRow {
  static constexpr const char* kColumns =
      "e.order_number, e.kind, e.actor, e.reason, e.seq, e.created_at";
  std::int64_t order_number = 0, seq = 0, created_at = 0;
  std::string kind, actor, reason;

  void define(soci::statement& statement) {
    statement.exchange(soci::into(order_number));
    for (auto* column : {&kind, &actor, &reason}) statement.exchange(soci::into(*column));
    for (auto* column : {&seq, &created_at}) statement.exchange(soci::into(*column));
  }
  OrderEvent event() const {
    const auto its_kind = kind_named(kind);
    if (!its_kind) {
      throw StorageError(
          StorageError::Kind::kOther,
          fmt::format("table order_events: kind is \"{}\", which no stampede writes", kind));
    }
    return {.order = {order_number},
            .kind = *its_kind,
            .actor = actor,
            .reason = reason,
            .at = to_instant(created_at),
            .seq = seq};
  }
};

std::optional<Order> select_order(soci::session& session, OrderNumber number) {
  OrderRow row;
  soci::statement select(session);
  row.define(select);
  select.exchange(soci::use(number.value));
  prepare(select,
          fmt::format("SELECT {} FROM orders o WHERE o.number = :number", OrderRow::kColumnsNow));
  if (!fetch_one(select)) return std::nullopt;
  return row.order();
}

/// The order while its row is locked, and its buyer's, as the consumer locks that before it decides
/// about one more order of the buyer.
std::optional<Order> lock_order(soci::session& session, const Dialect& dialect,
                                OrderNumber number) {
  const auto found = select_order(session, number);
  if (!found) return std::nullopt;
  std::int64_t id = 0;
  session << fmt::format("SELECT id FROM users WHERE id = :id{}", dialect.for_update()),
      soci::use(found->buyer.value), soci::into(id);
  session << fmt::format("SELECT number FROM orders WHERE number = :number{}",
                         dialect.for_update()),
      soci::use(number.value), soci::into(id);
  return select_order(session, number);
}

struct Shard {
  std::int64_t index = 0;
  std::int64_t shards = 1;
  ShardEnd end;
};

/// The shard that the order came from, locked.
Shard lock_shard(soci::session& session, const Dialect& dialect, OrderNumber number) {
  Shard shard;
  session << "SELECT COUNT(*) FROM queue_shards", soci::into(shard.shards);
  shard.index = shard_of(number, shard.shards);
  session << fmt::format(
      "SELECT last_seq, digest, digest_seq FROM queue_shards "
      "WHERE shard = :shard{}",
      dialect.for_update()),
      soci::use(shard.index), soci::into(shard.end.seq), soci::into(shard.end.digest),
      soci::into(shard.end.digest_seq);
  return shard;
}

void insert(soci::session& session, const OrderEvent& event, OrderNumber number) {
  const std::string kind(to_string(event.kind));
  const std::int64_t at = to_column(event.at);
  session << "INSERT INTO order_events (number, order_number, kind, actor, reason, seq, created_at)"
             " VALUES (:number, :order_number, :kind, :actor, :reason, :seq, :at)",
      soci::use(number.value), soci::use(event.order.value), soci::use(kind),
      soci::use(event.actor), soci::use(event.reason), soci::use(event.seq), soci::use(at);
}

}  // namespace

std::vector<Order> select_changed(soci::session& session, const ChangedAfter& after) {
  const std::int64_t last = number_of(after.seq, after.shard, after.shards).value;
  OrderRow row;
  EventRow event;
  soci::statement select(session);
  row.define(select);
  event.define(select);
  for (const auto* value : {&last, &last, &after.shards}) select.exchange(soci::use(*value));
  select.exchange(soci::use(after.most));
  prepare(select, fmt::format("SELECT {}, {} FROM order_events e "
                              "JOIN orders o ON o.number = e.order_number WHERE e.number > :last "
                              "AND (e.number - :same) % :shards = 0 ORDER BY e.number LIMIT :most",
                              OrderRow::kColumns, EventRow::kColumns));
  std::vector<Order> changed;
  for (select.execute(); select.fetch();) {
    changed.push_back(stampede::after(row.order(), event.event()));
  }
  return changed;
}

void SqlOrderEvents::change(OrderNumber number, const Decide& decide) {
  const Dialect& dialect = database_.dialect();
  database_.write([&](soci::session& session) {
    const auto order = lock_order(session, dialect, number);
    auto event = decide(order ? &*order : nullptr);
    if (!event) return;
    Shard shard = lock_shard(session, dialect, number);
    event->seq = shard.end.seq + 1;
    insert(session, *event, number_of(event->seq, shard.index, shard.shards));
    shard.end.add(after(*order, *event));
    session << "UPDATE queue_shards SET last_seq = :seq, digest = :digest, digest_seq = :up_to "
               "WHERE shard = :shard",
        soci::use(shard.end.seq), soci::use(shard.end.digest), soci::use(shard.end.digest_seq),
        soci::use(shard.index);
    session << "UPDATE sales SET unleased = unleased + 1, returned = returned + 1 WHERE id = :sale",
        soci::use(order->sale.value);
  });
}

std::vector<OrderEvent> SqlOrderEvents::of_order(OrderNumber number) {
  return database_.read([&](soci::session& session) {
    EventRow row;
    soci::statement select(session);
    row.define(select);
    select.exchange(soci::use(number.value));
    prepare(select, fmt::format("SELECT {} FROM order_events e WHERE e.order_number = :number "
                                "ORDER BY e.number",
                                EventRow::kColumns));
    std::vector<OrderEvent> events;
    for (select.execute(); select.fetch();) events.push_back(row.event());
    return events;
  });
}

std::vector<Order> SqlOrderEvents::changed(std::int32_t shard, std::int64_t after,
                                           std::size_t most) {
  return database_.read([&](soci::session& session) {
    std::int64_t shards = 1;
    session << "SELECT COUNT(*) FROM queue_shards", soci::into(shards);
    return select_changed(session, {shard, shards, after, most});
  });
}

}  // namespace stampede::repositories::sql
