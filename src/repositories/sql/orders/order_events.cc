#include "repositories/sql/orders/order_events.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string>

#include "model/orders/order_number.h"
#include "model/orders/shard_end.h"
#include "repositories/sql/connection/rows.h"
#include "repositories/sql/orders/event_row.h"

namespace stampede::repositories::sql {
namespace {

/// `payments p`, as SOCI fills it.
struct PaymentRow {
  static constexpr const char* kColumns =
      "p.order_number, p.reference, p.amount_cents, p.state, p.reason, p.created_at, p.changed_at";
  std::int64_t order_number = 0, amount_cents = 0, created_at = 0, changed_at = 0;
  std::string reference, state, reason;

  void define(soci::statement& statement) {
    statement.exchange(soci::into(order_number));
    statement.exchange(soci::into(reference));
    statement.exchange(soci::into(amount_cents));
    for (auto* column : {&state, &reason}) statement.exchange(soci::into(*column));
    for (auto* column : {&created_at, &changed_at}) statement.exchange(soci::into(*column));
  }
  Payment payment() const {
    return {.order = {order_number},
            .reference = reference,
            .amount_cents = amount_cents,
            .state = named(state, kPaymentStates, "payments.state"),
            .reason = reason,
            .at = to_instant(created_at),
            .changed_at = to_instant(changed_at)};
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

/// The buyer's row and the order's, as the consumer locks the buyer's before it decides about one
/// more order of the buyer.
void lock_order(soci::session& session, const Dialect& dialect, const Order& order) {
  std::int64_t id = 0;
  session << fmt::format("SELECT id FROM users WHERE id = :id{}", dialect.for_update()),
      soci::use(order.buyer.value), soci::into(id);
  session << fmt::format("SELECT number FROM orders WHERE number = :number{}",
                         dialect.for_update()),
      soci::use(order.number.value), soci::into(id);
}

struct Shard {
  std::int64_t index = 0;
  std::int64_t shards = 1;
  ShardEnd end;
};

std::int64_t count_shards(soci::session& session) {
  std::int64_t shards = 1;
  session << "SELECT COUNT(*) FROM queue_shards", soci::into(shards);
  return shards;
}

/// Of that index; `lock` follows the statement.
Shard select_shard(soci::session& session, std::int64_t index, std::string_view lock) {
  Shard shard{.index = index, .shards = count_shards(session), .end = {}};
  session << fmt::format(
      "SELECT last_seq, digest, digest_seq FROM queue_shards WHERE shard = :shard{}", lock),
      soci::use(shard.index), soci::into(shard.end.seq), soci::into(shard.end.digest),
      soci::into(shard.end.digest_seq);
  return shard;
}

void advance(soci::session& session, const Shard& shard) {
  session << "UPDATE queue_shards SET last_seq = :seq, digest = :digest, digest_seq = :up_to "
             "WHERE shard = :shard",
      soci::use(shard.end.seq), soci::use(shard.end.digest), soci::use(shard.end.digest_seq),
      soci::use(shard.index);
}

Sale lock_sale(soci::session& session, const Dialect& dialect, SaleId id) {
  SaleRow row;
  soci::statement select(session);
  row.define(select);
  select.exchange(soci::use(id.value));
  prepare(select, fmt::format("SELECT {} FROM sales s WHERE s.id = :id{}", SaleRow::kColumns,
                              dialect.for_update()));
  if (!fetch_one(select)) {
    throw StorageError(StorageError::Kind::kOther, fmt::format("there is no sale {}", id.value));
  }
  return row.sale();
}

/// Units that go back into the sale, or are taken from it (below 0).
void return_units(soci::session& session, SaleId sale, std::int64_t units) {
  if (units == 0) return;
  session << "UPDATE sales SET unleased = unleased + :units, returned = returned + :same "
             "WHERE id = :sale",
      soci::use(units), soci::use(units), soci::use(sale.value);
}

std::int64_t count_active(soci::session& session, const Dialect& dialect, const Order& order) {
  OrderRow row;
  soci::statement select(session);
  row.define(select);
  select.exchange(soci::use(order.sale.value));
  select.exchange(soci::use(order.buyer.value));
  prepare(select, fmt::format("SELECT {} FROM orders o{} WHERE o.sale = :sale AND o.buyer = :buyer",
                              OrderRow::kColumnsNow, dialect.by_index("orders_by_buyer")));
  std::int64_t active = 0;
  for (select.execute(); select.fetch();) active += row.order().active() ? 1 : 0;
  return active;
}

std::vector<Payment> select_payments(soci::session& session, OrderNumber number) {
  PaymentRow row;
  soci::statement select(session);
  row.define(select);
  select.exchange(soci::use(number.value));
  prepare(select,
          fmt::format("SELECT {} FROM payments p WHERE p.order_number = :number ORDER BY p.id",
                      PaymentRow::kColumns));
  std::vector<Payment> payments;
  for (select.execute(); select.fetch();) payments.push_back(row.payment());
  return payments;
}

void write_payment(soci::session& session, const Payment& payment, bool known) {
  const std::string state(to_string(payment.state));
  const std::int64_t at = to_column(payment.at);
  const std::int64_t changed_at = to_column(payment.changed_at);
  if (known) {
    session << "UPDATE payments SET state = :state, reason = :reason, changed_at = :at "
               "WHERE reference = :reference",
        soci::use(state), soci::use(payment.reason), soci::use(changed_at),
        soci::use(payment.reference);
    return;
  }
  session << "INSERT INTO payments (order_number, reference, amount_cents, state, reason, "
             "created_at, changed_at) VALUES (:number, :reference, :amount, :state, :reason, :at, "
             ":changed)",
      soci::use(payment.order.value), soci::use(payment.reference), soci::use(payment.amount_cents),
      soci::use(state), soci::use(payment.reason), soci::use(at), soci::use(changed_at);
}

void insert(soci::session& session, const OrderEvent& event, OrderNumber number) {
  const std::string kind(to_string(event.kind));
  const std::int64_t at = to_column(event.at);
  Nullable amount(event.amount_cents);
  session << "INSERT INTO order_events (number, order_number, kind, actor, reason, seq, "
             "created_at, amount_cents) "
             "VALUES (:number, :order_number, :kind, :actor, :reason, :seq, :at, :amount)",
      soci::use(number.value), soci::use(event.order.value), soci::use(kind),
      soci::use(event.actor), soci::use(event.reason), soci::use(event.seq), soci::use(at),
      use(amount);
}

/// In one statement: thousands of holds may run out at once. Nothing in it is anybody's text.
void insert_expired(soci::session& session, const Shard& shard,
                    const std::vector<OrderEvent>& events) {
  if (events.empty()) return;
  fmt::memory_buffer text;
  const auto out = std::back_inserter(text);
  fmt::format_to(out,
                 "INSERT INTO order_events (number, order_number, kind, actor, reason, seq, "
                 "created_at) VALUES ");
  for (const OrderEvent& event : events) {
    if (&event != events.data()) text.push_back(',');
    fmt::format_to(out, "({},{},'{}','{}','',{},{})",
                   number_of(event.seq, shard.index, shard.shards).value, event.order.value,
                   to_string(event.kind), OrderEvent::kClock, event.seq, to_column(event.at));
  }
  session << fmt::to_string(text);
}

/// Orders that are looked at first, to see whether any is due: behind a cursor there are seldom
/// more that are decided, and a hold that is not due ends the search.
constexpr std::size_t kLookedAtFirst = 64;

/// Held orders that are due, and up to which seq all were looked at.
struct DueHolds {
  std::vector<Order> orders;
  std::int64_t looked_at = 0;
  bool more = false;
};

/// Where the search for holds goes on: behind the cursor, or before the sale's first order.
std::int64_t cursor_of(soci::session& session, const HoldsOf& holds, const Shard& shard) {
  std::int64_t seq = 0;
  session << "SELECT seq FROM hold_cursors WHERE sale = :sale AND shard = :shard",
      soci::use(holds.sale.value), soci::use(shard.index), soci::into(seq);
  if (session.got_data()) return seq;
  OrderNumber first;
  session << "SELECT first_number FROM sales WHERE id = :sale", soci::use(holds.sale.value),
      soci::into(first.value);
  return last_seq_before(first, shard.index, shard.shards);
}

void move_cursor(soci::session& session, const HoldsOf& holds, std::int64_t seq) {
  session << "REPLACE INTO hold_cursors (sale, shard, seq) VALUES (:sale, :shard, :seq)",
      soci::use(holds.sale.value), soci::use(holds.shard), soci::use(seq);
}

/// Reads along the primary key; a hold that is not due ends it, because none behind it is due
/// earlier.
DueHolds find_due(soci::session& session, const HoldsOf& holds, const Shard& shard, Instant due,
                  std::size_t most) {
  DueHolds found{.orders = {}, .looked_at = cursor_of(session, holds, shard)};
  const std::int64_t from = number_of(found.looked_at, shard.index, shard.shards).value;
  const std::int64_t to = number_of(shard.end.seq, shard.index, shard.shards).value;
  OrderRow row;
  soci::statement select(session);
  row.define(select);
  for (const auto* value : {&from, &to, &from, &shard.shards}) {
    select.exchange(soci::use(*value));
  }
  select.exchange(soci::use(most));
  prepare(select, fmt::format("SELECT {} FROM orders o WHERE o.number > :from "
                              "AND o.number <= :to AND (o.number - :same) % :shards = 0 "
                              "ORDER BY o.number LIMIT :most",
                              OrderRow::kColumnsNow));
  std::size_t read = 0;
  for (select.execute(); select.fetch(); ++read) {
    const Order order = row.order();
    const bool asks_for_payment = order.sale == holds.sale && order.pay_by;
    if (asks_for_payment && *order.pay_by > due) return found;
    if (asks_for_payment && order.status == OrderStatus::kHeld) found.orders.push_back(order);
    found.looked_at = order.seq;
  }
  found.more = read == most;
  return found;
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
    const auto order = select_order(session, number);
    if (!order) {
      decide(nullptr);
      return;
    }
    // In the order in which the consumer locks them. Whatever happens to an order of the shard
    // counts on its row, so nothing happens to this one from here on.
    lock_order(session, dialect, *order);
    const std::int64_t shards = count_shards(session);
    Shard shard = select_shard(session, shard_of(number, shards), dialect.for_update());
    const Sale sale = lock_sale(session, dialect, order->sale);
    const OrderFacts facts{.order = select_order(session, number).value(),
                           .sale = sale,
                           .active_of_buyer = count_active(session, dialect, *order),
                           .payments = select_payments(session, number)};
    const OrderDecision decision = decide(&facts);
    for (const Payment& payment : decision.payments) {
      const bool known = std::ranges::find(facts.payments, payment.reference,
                                           &Payment::reference) != facts.payments.end();
      write_payment(session, payment, known);
    }
    if (!decision.event) return;
    OrderEvent event = *decision.event;
    event.seq = shard.end.seq + 1;
    insert(session, event, number_of(event.seq, shard.index, shard.shards));
    const Order changed = stampede::after(facts.order, event);
    shard.end.add(changed);
    advance(session, shard);
    return_units(session, order->sale, units_returned(facts.order, changed));
  });
}

Instant SqlOrderEvents::now() {
  return database_.read([&](soci::session& session) {
    std::int64_t now = 0;
    session << fmt::format("SELECT {}", database_.dialect().milliseconds_now()), soci::into(now);
    return to_instant(now);
  });
}

ExpiredHolds SqlOrderEvents::expire(const HoldsOf& holds, Instant due, Instant now,
                                    std::size_t most) {
  // Most often nothing is due: then no row is locked.
  const auto look = [&](std::size_t at_most) {
    return database_.read([&](soci::session& session) {
      return find_due(session, holds, select_shard(session, holds.shard, ""), due, at_most);
    });
  };
  DueHolds seen = look(kLookedAtFirst);
  if (seen.orders.empty() && seen.more) seen = look(most);
  if (seen.orders.empty()) {
    // All of a long page are other sales' orders, or decided.
    if (seen.more) {
      database_.write([&](soci::session& session) { move_cursor(session, holds, seen.looked_at); });
    }
    return {.expired = 0, .more = seen.more};
  }
  const Dialect& dialect = database_.dialect();
  return database_.write([&](soci::session& session) {
    Shard shard = select_shard(session, holds.shard, dialect.for_update());
    const DueHolds found = find_due(session, holds, shard, due, most);
    std::vector<OrderEvent> events;
    events.reserve(found.orders.size());
    for (const Order& order : found.orders) {
      events.push_back({.order = order.number,
                        .kind = OrderEventKind::kExpired,
                        .actor = OrderEvent::kClock,
                        .reason = {},
                        .at = now,
                        .seq = shard.end.seq + 1});
      shard.end.add(stampede::after(order, events.back()));
    }
    insert_expired(session, shard, events);
    if (!events.empty()) advance(session, shard);
    move_cursor(session, holds, found.looked_at);
    return_units(session, holds.sale, std::ssize(events));
    return ExpiredHolds{.expired = std::ssize(events), .more = found.more};
  });
}

std::vector<HoldsOf> SqlOrderEvents::holds(Instant over_after) {
  const auto after = to_column(over_after);
  return database_.read([&](soci::session& session) {
    HoldsOf holds;
    soci::statement select =
        (session.prepare << fmt::format(
             "SELECT s.id, q.shard FROM sales s "
             "CROSS JOIN queue_shards q WHERE s.hold_seconds IS NOT NULL "
             "AND {} ORDER BY s.id, q.shard",
             SaleRow::not_over()),
         soci::use(after), soci::use(after), soci::into(holds.sale.value), soci::into(holds.shard));
    std::vector<HoldsOf> all;
    for (select.execute(); select.fetch();) all.push_back(holds);
    return all;
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
    return select_changed(session, {shard, count_shards(session), after, most});
  });
}

std::optional<Payment> SqlOrderEvents::payment(const std::string& reference) {
  return database_.read([&](soci::session& session) -> std::optional<Payment> {
    PaymentRow row;
    soci::statement select(session);
    row.define(select);
    select.exchange(soci::use(reference));
    prepare(select, fmt::format("SELECT {} FROM payments p WHERE p.reference = :reference",
                                PaymentRow::kColumns));
    if (!fetch_one(select)) return std::nullopt;
    return row.payment();
  });
}

std::vector<Payment> SqlOrderEvents::payments_of(OrderNumber number) {
  return database_.read([&](soci::session& session) { return select_payments(session, number); });
}

}  // namespace stampede::repositories::sql
