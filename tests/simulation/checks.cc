#include "tests/simulation/checks.h"

#include <algorithm>

#include "repositories/memory/broken_invariants.h"

namespace stampede::simulation {
namespace {

std::string text_of(const IdempotencyKey& key) { return std::string(key.text()); }

/// It held a unit, and was cancelled or has expired.
bool is_over(const Order& order) { return !order.active() && order.status != OrderStatus::kFailed; }

/// `otherwise` makes the words: they are needed once in a long time, and this is asked often.
template <class Words>
void require(bool holds, Words otherwise) {
  if (!holds) throw Breach(otherwise());
}

}  // namespace

Checks::Key& Checks::known(const IdempotencyKey& key) {
  const auto found = keys_.find(key.text());
  require(found != keys_.end(),
          [&] { return "I4: an answer to " + text_of(key) + ", which nobody sent"; });
  return found->second;
}

std::optional<Order> Checks::order_of(const IdempotencyKey& key) {
  return database_->store.purchase(SaleId{1}, known(key).buyer, key, LeaseId{}).order;
}

void Checks::attempted(UserId buyer, const IdempotencyKey& key) {
  if (keys_.contains(key.text())) return;
  keys_.emplace(text_of(key), Key{.buyer = buyer, .yes = std::nullopt});
}

void Checks::said_yes(const IdempotencyKey& key, OrderNumber number) {
  Key& asked = known(key);
  const auto order = order_of(key);
  const bool true_yes = order && order->number == number &&
                        (order->active() || (is_over(*order) && may_be_unheard(asked)));
  // The process that said so has not heard yet that the order was lost.
  if (!true_yes && asked.lost && stage_->scheduler.time() < forgiven_until()) return;
  require(true_yes, [&] {
    return "I3: yes to " + text_of(key) + ", which is no active order of that number";
  });
  require(!asked.yes || *asked.yes == number,
          [&] { return "I5: two numbers for " + text_of(key); });
  asked.yes = number;
  asked.no.reset();
}

void Checks::said_no(const IdempotencyKey& key, bool last_word) {
  Key& asked = known(key);
  const auto order = order_of(key);
  asked.no.reset();
  if (last_word) asked.no = stage_->scheduler.time();
  if (asked.no && order && was_true(*order, *asked.no)) return;
  require(!last_word || !order || !order->active(),
          [&] { return "I4: no to " + text_of(key) + ", which is an active order"; });
}

void Checks::said_pending(const IdempotencyKey& key, bool after_yes) {
  require(!after_yes || known(key).lost,
          [&] { return "pending was said of " + text_of(key) + " after yes"; });
}

void Checks::said_failed(const IdempotencyKey& key) {
  const auto order = order_of(key);
  if (known(key).lost && (!order || stage_->scheduler.time() < forgiven_until())) return;
  const bool paid_late = order && order->status == OrderStatus::kPaid && known(key).cancelled;
  require(order && (!order->active() || (paid_late && may_be_unheard(known(key)))),
          [&] { return "failed was said of " + text_of(key) + " without such a row"; });
  known(key).no = stage_->scheduler.time();
}

void Checks::said_refusal(Verdict verdict, SaleId sale, Duration clock_read) {
  if (verdict == Verdict::kSaleEnded || verdict == Verdict::kNotStarted) {
    said_window(verdict, sale, clock_read);
  }
  if (verdict == Verdict::kSoldOut) said_sold_out(sale, clock_read);
}

/// By clocks that are at most 2 s wrong, and half a second apart by nature.
void Checks::said_window(Verdict verdict, SaleId sale, Duration clock_read) const {
  using namespace std::chrono_literals;
  const Instant now = Process::true_wall(clock_read);
  const auto& sales = database_->store.view().sales;
  const bool true_word = std::ranges::any_of(sales, [&](const auto& entry) {
    const Sale& asked = entry.second;
    if (sale && asked.id != sale) return false;
    return verdict == Verdict::kSaleEnded ? asked.ended(now + 3s) : !asked.started(now - 3s);
  });
  require(true_word || database_->failovers > 0, [&] {
    return "the window: " + std::string(to_string(verdict)) + " was said of a sale that is on";
  });
}

/// Every row, lease and unit is what it was some time ago: nothing is added up from before.
void Checks::lost_tail() {
  for (auto& [sale, sum] : sums_) {
    if (sum.sold_out) sum.was_sold_out = stage_->scheduler.time();
    sum.sold_out = false;
    sum.active = 0;
  }
  held_.clear();
  had_.clear();
  for (const auto& [id, lease] : database_->store.view().leases) {
    const bool reopened = lease.state != LeaseState::kClosed && closed_.contains(id);
    if (reopened) reopened_[id] = stage_->scheduler.time();
  }
  closed_.clear();
  orders_seen_ = 0;
  events_seen_ = database_->store.view().events.size();
  counted_.clear();
  tail_lost_ = stage_->scheduler.time();
  const auto before = std::exchange(rows_, {});
  for (auto& [text, asked] : keys_) {
    const auto order = order_of(*IdempotencyKey::parse(text));
    const bool cancelling_lost =
        std::exchange(asked.cancelled, order && is_over(*order)) && !asked.cancelled;
    if (!before.contains(text) || (order && !cancelling_lost)) continue;
    asked.lost = true;
    if (!order) asked.yes.reset();
    asked.no.reset();  // the row said failed; its purchase may come again from the broker
    asked.confirmed = false;
  }
}

Duration Checks::forgiven_until() const {
  return stage_->profile.faults_end + std::chrono::seconds{10};
}

/// The flag expires 2 s after the snapshot that showed it was asked for; two readings of one clock
/// are whole milliseconds apart.
void Checks::said_sold_out(SaleId sale, Duration clock_read) const {
  using namespace std::chrono_literals;
  const bool honest = std::ranges::any_of(sums_, [&](const auto& entry) {
    const auto& [id, sum] = entry;
    if (sale && id != sale) return false;
    return sum.sold_out || sum.was_sold_out >= clock_read - 2'002ms;
  });
  require(honest, [&] { return "I7: sold-out was said with units left"; });
}

void Checks::waited(Duration time, Duration longest) {
  require(time <= longest,
          [&] { return "a buyer waited for " + std::to_string(time.count() / 1'000) + " ms"; });
}

/// Of a copy that came before the tail was lost, the row may be in that tail, whenever its
/// publisher hears of it.
void Checks::confirmed(const Purchase& purchase) {
  Key& asked = known(purchase.intent);
  if (asked.lost && !purchases.arrived_since(purchase, tail_lost_)) return;
  asked.confirmed = true;
}

void Checks::told_closed(LeaseId oldest_open, const std::vector<bool>& known, Duration asked) {
  const auto knows = [&](OrderNumber number) {
    const auto index = static_cast<std::size_t>(number.value);
    return index < known.size() && known[index];
  };
  for (const Order& order : database_->store.view().orders) {
    if (!order.active() || order.lease >= oldest_open || knows(order.number)) continue;
    const auto reopened = reopened_.find(order.lease);
    if (reopened != reopened_.end() && asked < reopened->second) continue;
    throw Breach("I4: a validator takes " + text_of(order.intent) +
                 " for undecided, an active order");
  }
}

void Checks::sold_beside_a_no(const Purchase& purchase) {
  const State& state = database_->store.view();
  // From a closed lease, or one that the database has lost, it fails, whatever anybody says.
  const auto lease = state.leases.find(purchase.lease);
  require(lease == state.leases.end() || lease->second.state == LeaseState::kClosed ||
              database_->failovers > 0,
          [&] {
            return "I4: a validator sells to buyer " + std::to_string(purchase.buyer.value) +
                   ", and another may say no";
          });
}

void Checks::check_new_orders(const State& state) {
  for (; orders_seen_ < state.orders.size(); ++orders_seen_) {
    const Order& order = state.orders[orders_seen_];
    require(rows_.emplace(text_of(order.intent), order.number).second,
            [&] { return "I5: two orders of " + text_of(order.intent); });
    require(order.reason != FailureReason::kNoUnit || database_->failovers > 0, [&] {
      return "escrow: more purchases than units came from lease " +
             std::to_string(order.lease.value);
    });
    purchases.written(order);
    check_hold(order);
    count(order);
  }
}

/// Whoever lets a hold expire has had one.
void Checks::count_holds(const Order& order) {
  auto& had = had_[{order.sale, order.buyer}];
  if (order.counts()) {
    had.insert(order.number);
  } else {
    had.erase(order.number);
  }
  const auto limit = database_->store.view().sales.at(order.sale).per_buyer_limit;
  require(had.size() <= static_cast<std::size_t>(limit), [&] {
    return "a hold: buyer " + std::to_string(order.buyer.value) + " has had more than the limit";
  });
}

/// Each order once, as long as it is active.
void Checks::count(const Order& order) {
  count_holds(order);
  if (order.active() == counted_.contains(order.number)) return;
  const int more = order.active() ? 1 : -1;
  if (order.active()) {
    counted_.insert(order.number);
  } else {
    counted_.erase(order.number);
  }
  sums_[order.sale].active += more;
  const std::int64_t held = held_[{order.sale, order.buyer}] += more;
  require(held <= database_->store.view().sales.at(order.sale).per_buyer_limit, [&] {
    return "I5: buyer " + std::to_string(order.buyer.value) + " has more than the limit";
  });
}

/// By the database's clock, from the commit on.
void Checks::check_hold(const Order& order) const {
  const auto hold = database_->store.view().sales.at(order.sale).hold;
  if (!order.active() || !hold) return;
  const Instant now = database_->process.now().wall;
  require(order.pay_by && *order.pay_by <= now + *hold &&
              *order.pay_by >= now + *hold - std::chrono::seconds{5},
          [&] {
            return "M3: order " + std::to_string(order.number.value) +
                   " is held from another time on";
          });
}

void Checks::check_expiry(const OrderEvent& event, const Order& order) const {
  if (event.kind != OrderEventKind::kExpired) return;
  require(order.pay_by && event.at >= *order.pay_by + kGrace &&
              database_->process.now().wall >= *order.pay_by + kGrace,
          [&] {
            return "M3: order " + std::to_string(order.number.value) + " expired before its time";
          });
  require(!stage_->profile.calm || event.at <= *order.pay_by + kGrace + std::chrono::seconds{5},
          [&] { return "M3: order " + std::to_string(order.number.value) + " expired late"; });
}

void Checks::check_new_events(const State& state) {
  for (; events_seen_ < state.events.size(); ++events_seen_) {
    const OrderEvent& event = state.events[events_seen_];
    const auto order = std::ranges::find(state.orders, event.order, &Order::number);
    require(order != state.orders.end(),
            [&] { return std::string("an event of an order that is not there"); });
    check_expiry(event, *order);
    Key& asked = known(order->intent);
    asked.cancelled |= is_over(after(*order, event));
    asked.changed = stage_->scheduler.time();
    count(*order);
  }
}

void Checks::captured(const std::string& reference, OrderNumber order, std::int64_t cents) {
  captured_[reference] = {order, cents};
}

void Checks::said_held(const IdempotencyKey& key, Instant pay_by) {
  const auto order = order_of(key);
  require(order && order->pay_by == pay_by, [&] {
    return "M3: " + text_of(key) + " was told another time to pay by than its order has";
  });
}

/// M1 and M2: what was captured is kept by one paid order, or goes back.
void Checks::check_money(const State& state) const {
  std::map<OrderNumber, int> kept;
  for (const Payment& payment : state.payments) {
    const auto captured = captured_.find(payment.reference);
    require(captured != captured_.end() && captured->second.order == payment.order &&
                captured->second.cents == payment.amount_cents,
            [&] { return "M1: a payment that nobody made: " + payment.reference; });
    if (payment.state == PaymentState::kKept) ++kept[payment.order];
  }
  for (const auto& [reference, payment] : captured_) {
    require(
        std::ranges::find(state.payments, reference, &Payment::reference) != state.payments.end(),
        [&] { return "M1: payment " + reference + " was captured, and is not known"; });
  }
  for (const Order& order : state.orders) {
    const auto found = kept.find(order.number);
    const int payments = found == kept.end() ? 0 : found->second;
    require(payments <= 1, [&] { return std::string("M2: an order keeps two payments"); });
    require((payments == 1) == (order.status == OrderStatus::kPaid), [&] {
      return "M1: order " + std::to_string(order.number.value) + " is " +
             std::string(to_string(order.status)) + " and keeps " + std::to_string(payments) +
             " payments";
    });
  }
}

/// A process hears of it once nothing is in the way, and soon.
bool Checks::may_be_unheard(const Key& asked) const {
  const Duration heard = asked.changed + std::chrono::seconds{5};
  return stage_->scheduler.time() < std::max(forgiven_until(), heard);
}

void Checks::check_leases(const State& state) {
  for (auto& [sale, sum] : sums_) sum.unsold = 0;
  for (const auto& [id, lease] : state.leases) {
    require(lease.sold <= lease.granted, [&] { return "I2: a lease sold more than granted"; });
    if (lease.state != LeaseState::kClosed) {
      sums_[lease.sale].unsold += lease.unsold();
      continue;
    }
    const auto [before, first] = closed_.try_emplace(id, lease.sold);
    require(before->second == lease.sold, [&] {
      return "I8: an order was charged to the closed lease " + std::to_string(id.value);
    });
  }
  for (const auto& [id, sale] : state.sales) {
    Sum& sum = sums_[id];
    const bool sold_out = sale.unleased == 0 && sum.unsold == 0;
    if (sum.sold_out && !sold_out) sum.was_sold_out = stage_->scheduler.time();
    sum.sold_out = sold_out;
    require(sale.unleased >= 0 && sum.active <= sale.quantity, [&] { return "I2: oversold"; });
    require(sale.quantity == sale.unleased + sum.unsold + sum.active,
            [&] { return "I1: the units of a sale do not add up"; });
  }
}

void Checks::after_event() {
  if (seen_ == database_->changes) return;
  seen_ = database_->changes;
  const State& state = database_->store.view();
  check_new_orders(state);
  check_new_events(state);
  check_leases(state);
}

void Checks::at_end(const Demand& demand) {
  std::int64_t active = 0;
  std::int64_t failed = 0;
  const State& state = database_->store.view();
  const auto broken = repositories::memory::broken_invariants(state);
  require(broken.empty(), [&] { return broken.front(); });
  for (const Order& order : state.orders) {
    const Key& asked = known(order.intent);  // I4: nobody else's
    require(asked.buyer == order.buyer,
            [&] { return "I4: an order of another buyer than asked for it"; });
    if (order.status == OrderStatus::kFailed) ++failed;
    if (!order.active()) continue;
    ++active;
    // Its buyer was told that it had expired, and has paid all the same.
    const bool paid_late = order.status == OrderStatus::kPaid && asked.cancelled;
    require(!asked.no || was_true(order, *asked.no) || paid_late, [&] {
      return "I4: " + text_of(order.intent) + " was told no last, and is an active order";
    });
  }
  for (const auto& [text, asked] : keys_) {
    const auto key = *IdempotencyKey::parse(text);
    const auto order = order_of(key);
    require(!asked.yes ||
                (order && order->status != OrderStatus::kFailed && order->number == *asked.yes),
            [&] { return "I3: " + text + " was told yes, and is no order any more"; });
    require(!asked.confirmed || order || database_->quarantined.contains(text),
            [&] { return "the broker confirmed " + text + ", and it has no row"; });
  }
  check_failures(failed);
  check_money(state);
  const Sale& sale = state.sales.at(SaleId{1});
  if (sale.ends_at) return;
  const std::int64_t units = sale.quantity;
  if (database_->sold_long_ago > 0) return;  // to some of those who ask now
  if (database_->failovers > 0) return;      // a buyer whose order was lost does not ask again
  // Whoever has bought does not come again when that is cancelled, or expires.
  const auto given_back = std::ranges::count_if(state.orders, is_over);
  // A late payment may give its buyer one more than was wanted by then.
  const bool too_many = active > std::min(demand.most, units) && !stage_->profile.hold;
  require(active + given_back >= std::min(demand.least, units) && !too_many, [&] {
    return "I6: " + std::to_string(active) + " of " + std::to_string(units) +
           " units are sold, and buyers wanted " + std::to_string(demand.least) + " to " +
           std::to_string(demand.most);
  });
}

void Checks::check_failures(std::int64_t failed) const {
  require(!stage_->profile.calm || failed == 0, [&] {
    return "needless: " + std::to_string(failed) + " purchases failed, and nothing was in the way";
  });
}

}  // namespace stampede::simulation
