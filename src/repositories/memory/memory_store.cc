#include "repositories/memory/memory_store.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <stdexcept>
#include <string>
#include <utility>

#include "model/orders/order_number.h"
#include "repositories/storage_error.h"

namespace stampede::repositories::memory {

/// Reads what is committed, and keeps what it writes beside it until commit().
class MemoryStore::Transaction final : public OrderTransaction {
 public:
  explicit Transaction(MemoryStore& store) : store_(store) {}

  void lock_buyers(std::span<const UserId>) override {}

  std::vector<ChargedLease> lock_leases(std::span<const LeaseId> ascending) override {
    const concurrency::MutexLock lock(store_.mutex_);
    std::vector<ChargedLease> leases;
    for (const LeaseId id : ascending) {
      const auto found = state().leases.find(id);
      if (found == state().leases.end()) continue;
      const Sale& sale = state().sales.at(found->second.sale);
      leases.push_back({found->second, sale.per_buyer_limit, sale.hold});
    }
    return leases;
  }

  ShardState lock_shard(std::int32_t shard) override {
    const concurrency::MutexLock lock(store_.mutex_);
    return {state().shards.at(static_cast<std::size_t>(shard)),
            static_cast<std::int32_t>(state().shards.size()), state().clock};
  }

  std::vector<Order> orders_of(std::span<const SaleBuyer> ascending) override {
    const concurrency::MutexLock lock(store_.mutex_);
    std::vector<Order> orders;
    for (const Order& order : state().orders) {
      if (std::ranges::binary_search(ascending, SaleBuyer{order.sale, order.buyer}) ||
          asked_for_in_another_sale(ascending, order)) {
        orders.push_back(order);
      }
    }
    return orders;
  }

  void insert(std::span<const Order> orders) override {
    const concurrency::MutexLock lock(store_.mutex_);
    for (const Order& order : orders) {
      require_free(order, state().orders);
      require_free(order, inserted_);
      inserted_.push_back(order);
    }
  }

  bool charge(const LeaseCharge& charge) override {
    const concurrency::MutexLock lock(store_.mutex_);
    const StockLease& lease = state().leases.at(charge.lease);
    std::int64_t& charged = charged_[charge.lease];
    if (lease.state == LeaseState::kClosed || lease.sold + charged + charge.units > lease.granted) {
      return false;
    }
    charged += charge.units;
    return true;
  }

  void close(LeaseId id) override { closed_.push_back(id); }

  void advance_shard(std::int32_t shard, const ShardEnd& end) override {
    shards_[static_cast<std::size_t>(shard)] = end;
  }

  void commit() override {
    const concurrency::MutexLock lock(store_.mutex_);
    // Another transaction, which locked other rows, may have committed meanwhile.
    for (const Order& order : inserted_) require_free(order, state().orders);
    for (Order& order : inserted_) store_.append(std::move(order));
    for (const auto& [id, units] : charged_) state().leases.at(id).sold += units;
    for (const LeaseId id : closed_) {
      StockLease& lease = state().leases.at(id);
      if (lease.state == LeaseState::kClosed) continue;
      lease.state = LeaseState::kClosed;
      state().sales.at(lease.sale).unleased += lease.unsold();
      state().last_closed_at[lease.sale] = state().clock;
    }
    for (const auto& [shard, end] : shards_) state().shards.at(shard) = end;
  }

 private:
  bool asked_for_in_another_sale(std::span<const SaleBuyer> pairs, const Order& order)
      STAMPEDE_REQUIRES(store_.mutex_) {
    const auto& sales = state().sales;
    if (sales.size() < 2) return false;
    const ProductId product = sales.at(order.sale).product;
    return std::ranges::any_of(pairs, [&](const SaleBuyer& pair) {
      const auto sale = sales.find(pair.sale);
      return pair.buyer == order.buyer && sale != sales.end() && sale->second.product == product;
    });
  }

  State& state() STAMPEDE_REQUIRES(store_.mutex_) { return store_.state_; }
  static void require_free(const Order& order, const std::vector<Order>& orders) {
    const bool taken = std::ranges::any_of(orders, [&](const Order& other) {
      return other.number == order.number ||
             (order.slot && other.slot == order.slot && other.sale == order.sale &&
              other.buyer == order.buyer);
    });
    if (taken) throw std::logic_error("UNIQUE constraint failed: orders");
  }

  MemoryStore& store_;
  std::vector<Order> inserted_;
  std::map<LeaseId, std::int64_t> charged_;
  std::vector<LeaseId> closed_;
  std::map<std::size_t, ShardEnd> shards_;
};

MemoryStore::MemoryStore(std::size_t shards) : by_shard_(shards) { state_.shards.resize(shards); }

void MemoryStore::append(Order&& order) {
  const auto shard =
      static_cast<std::size_t>(shard_of(order.number, static_cast<std::int64_t>(by_shard_.size())));
  by_number_[order.number] = state_.orders.size();
  by_shard_[shard].push_back(as_created(order));
  state_.orders.push_back(std::move(order));
}

/// Its order is as it is after it.
void MemoryStore::append(const OrderEvent& event) {
  const auto shard =
      static_cast<std::size_t>(shard_of(event.order, static_cast<std::int64_t>(by_shard_.size())));
  by_shard_[shard].push_back(after(as_created(*find_order(event.order)), event));
}

Order* MemoryStore::find_order(OrderNumber number) {
  const auto found = by_number_.find(number);
  return found == by_number_.end() ? nullptr : &state_.orders[found->second];
}

void MemoryStore::add_sale(const Sale& sale) {
  const concurrency::MutexLock lock(mutex_);
  Sale& added = state_.sales[sale.id] = sale;
  added.unleased = sale.quantity;
}

void MemoryStore::add_stock(SaleId sale, std::int64_t units) {
  const concurrency::MutexLock lock(mutex_);
  Sale& grown = state_.sales.at(sale);
  grown.quantity += units;
  grown.unleased += units;
}

void MemoryStore::end_sale(SaleId sale, Instant now) {
  const concurrency::MutexLock lock(mutex_);
  Sale& ended = state_.sales.at(sale);
  if (!ended.ended(now)) ended.ends_at = now;
}

void MemoryStore::set_clock(Instant now) {
  const concurrency::MutexLock lock(mutex_);
  state_.clock = now;
}

MemoryStore::State MemoryStore::state() const {
  const concurrency::MutexLock lock(mutex_);
  return state_;
}

void MemoryStore::restore(State state) {
  const concurrency::MutexLock lock(mutex_);
  state.clock = state_.clock;
  state_ = std::move(state);
  by_shard_.assign(state_.shards.size(), {});
  by_number_.clear();
  for (Order& order : std::exchange(state_.orders, {})) append(std::move(order));
  for (const OrderEvent& event : state_.events) append(event);
  for (auto& shard : by_shard_) std::ranges::sort(shard, {}, &Order::seq);
}

std::unique_ptr<OrderTransaction> MemoryStore::begin() {
  return std::make_unique<Transaction>(*this);
}

/// Writes the event behind the shard's last one, and returns the unit.
void MemoryStore::happen(Order& order, OrderEvent event) {
  const auto shards = static_cast<std::int64_t>(by_shard_.size());
  ShardEnd& end = state_.shards.at(static_cast<std::size_t>(shard_of(order.number, shards)));
  event.seq = end.seq + 1;
  Order changed = after(order, event);
  end.add(changed);
  state_.sales.at(order.sale).unleased += units_returned(order, changed);
  changed.seq = order.seq;
  order = changed;
  append(event);
  state_.events.push_back(std::move(event));
}

void MemoryStore::change(OrderNumber number, const Decide& decide) {
  const concurrency::MutexLock lock(mutex_);
  Order* const order = find_order(number);
  if (order == nullptr) {
    decide(nullptr);
    return;
  }
  OrderFacts facts{.order = *order, .sale = state_.sales.at(order->sale)};
  for (const Order& other : state_.orders) {
    const bool counts = other.sale == order->sale && other.buyer == order->buyer && other.active();
    facts.active_of_buyer += counts ? 1 : 0;
  }
  std::ranges::copy_if(state_.payments, std::back_inserter(facts.payments),
                       [&](const Payment& payment) { return payment.order == number; });
  OrderDecision decision = decide(&facts);
  for (Payment& payment : decision.payments) {
    const auto known = std::ranges::find(state_.payments, payment.reference, &Payment::reference);
    if (known == state_.payments.end()) {
      state_.payments.push_back(std::move(payment));
    } else if (known->order != payment.order) {
      throw StorageError(StorageError::Kind::kRefused, "a payment has that reference");
    } else {
      *known = std::move(payment);
    }
  }
  if (decision.event) happen(*order, *std::move(decision.event));
}

Instant MemoryStore::now() {
  const concurrency::MutexLock lock(mutex_);
  return state_.clock;
}

ExpiredHolds MemoryStore::expire(const HoldsOf& holds, Instant due, Instant now, std::size_t most) {
  const concurrency::MutexLock lock(mutex_);
  std::int64_t& cursor = state_.hold_cursors[{holds.sale, holds.shard}];
  // Events are added behind while it reads.
  const auto& shard = by_shard_.at(static_cast<std::size_t>(holds.shard));
  const std::size_t size = shard.size();
  auto next = static_cast<std::size_t>(std::ranges::upper_bound(shard, cursor, {}, &Order::seq) -
                                       shard.begin());
  ExpiredHolds result;
  std::size_t read = 0;
  for (; next < size && read < most; ++next, ++read) {
    const std::int64_t seq = shard[next].seq;
    Order* const order = find_order(shard[next].number);
    const bool asks_for_payment = order->sale == holds.sale && order->pay_by;
    if (asks_for_payment && *order->pay_by > due) return result;
    if (asks_for_payment && order->status == OrderStatus::kHeld) {
      happen(*order, {.order = order->number,
                      .kind = OrderEventKind::kExpired,
                      .actor = OrderEvent::kClock,
                      .reason = {},
                      .at = now});
      ++result.expired;
    }
    cursor = seq;
  }
  result.more = read == most;
  return result;
}

std::vector<HoldsOf> MemoryStore::holds(Instant over_after) {
  const concurrency::MutexLock lock(mutex_);
  std::vector<HoldsOf> all;
  for (const auto& [id, sale] : state_.sales) {
    if (is_over(sale, settled_at(id), over_after)) continue;
    for (std::size_t shard = 0; sale.hold && shard < by_shard_.size(); ++shard) {
      all.push_back({id, static_cast<std::int32_t>(shard)});
    }
  }
  return all;
}

std::optional<Payment> MemoryStore::payment(const std::string& reference) {
  const concurrency::MutexLock lock(mutex_);
  const auto found = std::ranges::find(state_.payments, reference, &Payment::reference);
  return found == state_.payments.end() ? std::nullopt : std::optional{*found};
}

std::vector<Payment> MemoryStore::payments_of(OrderNumber number) {
  const concurrency::MutexLock lock(mutex_);
  std::vector<Payment> payments;
  std::ranges::copy_if(state_.payments, std::back_inserter(payments),
                       [&](const Payment& payment) { return payment.order == number; });
  return payments;
}

std::vector<OrderEvent> MemoryStore::of_order(OrderNumber number) {
  const concurrency::MutexLock lock(mutex_);
  std::vector<OrderEvent> events;
  for (const OrderEvent& event : state_.events) {
    if (event.order == number) events.push_back(event);
  }
  return events;
}

std::vector<Order> MemoryStore::changed(std::int32_t shard, std::int64_t after, std::size_t most) {
  const concurrency::MutexLock lock(mutex_);
  std::vector<Order> changed;
  for (const Order& order : by_shard_.at(static_cast<std::size_t>(shard))) {
    const auto shards = static_cast<std::int64_t>(by_shard_.size());
    const bool by_event = number_of(order.seq, shard, shards) != order.number;
    if (by_event && order.seq > after && changed.size() < most) changed.push_back(order);
  }
  return changed;
}

std::optional<LeaseId> MemoryStore::grant(SaleId sale, std::int64_t units, Instant) {
  const concurrency::MutexLock lock(mutex_);
  return take_units(sale, units);
}

std::expected<StockLease, NoGrant> MemoryStore::grant(const Term& term, const LeaseRequest& request,
                                                      std::int64_t units, Instant) {
  const concurrency::MutexLock lock(mutex_);
  require_leader(term);
  const std::pair key{request.holder, request.number};
  if (const auto known = state_.requests.find(key); known != state_.requests.end()) {
    return state_.leases.at(known->second);
  }
  if (request.ring_epoch != state_.ring.epoch) return std::unexpected(NoGrant::kAnotherRing);
  const Sale& sale = state_.sales.at(request.sale);
  if (!request.knows_terms(sale)) return std::unexpected(NoGrant::kOtherTerms);
  if (sale.unleased >= units && state_.last_lease < request.behind.value) {
    return std::unexpected(NoGrant::kUsedNumber);
  }
  const auto id = take_units(request.sale, units);
  if (!id) return std::unexpected(NoGrant::kNoUnits);
  state_.requests[key] = *id;
  StockLease& lease = state_.leases.at(*id);
  lease.holder = request.holder;
  return lease;
}

std::optional<LeaseId> MemoryStore::take_units(SaleId sale, std::int64_t units) {
  Sale& from = state_.sales.at(sale);
  if (from.unleased < units) return std::nullopt;
  from.unleased -= units;
  const LeaseId id = draw_number();
  state_.last_lease = id.value;
  state_.leases[id] = {.id = id, .sale = sale, .granted = units};
  return id;
}

LeaseId MemoryStore::draw_number() {
  state_.last_drawn = std::max(state_.last_drawn, state_.last_lease) + 1;
  return {state_.last_drawn};
}

LeaseId MemoryStore::draw_lease() {
  const concurrency::MutexLock lock(mutex_);
  return draw_number();
}

void MemoryStore::insert(const LeaseRequest& request, const StockLease& lease) {
  const concurrency::MutexLock lock(mutex_);
  if (!state_.requests.try_emplace({request.holder, request.number}, lease.id).second) {
    throw std::logic_error("UNIQUE constraint failed: stock_leases");
  }
  state_.sales.at(lease.sale).unleased -= lease.granted;
  state_.leases[lease.id] = lease;
  state_.last_lease = std::max(state_.last_lease, lease.id.value);
}

void MemoryStore::continue_behind(const Term& term, LeaseId lease, Instant) {
  const concurrency::MutexLock lock(mutex_);
  require_leader(term);
  state_.last_lease = std::max(state_.last_lease, lease.value);
}

LeaseId MemoryStore::newest_lease() {
  const concurrency::MutexLock lock(mutex_);
  return {state_.last_lease};
}

void MemoryStore::fence(LeaseId lease) {
  const concurrency::MutexLock lock(mutex_);
  set_fenced(lease);
}

void MemoryStore::fence(const Term& term, LeaseId lease) {
  const concurrency::MutexLock lock(mutex_);
  require_leader(term);
  set_fenced(lease);
}

void MemoryStore::set_fenced(LeaseId lease) {
  StockLease& fenced = state_.leases.at(lease);
  if (fenced.state == LeaseState::kOpen) fenced.state = LeaseState::kFenced;
}

std::vector<StockLease> MemoryStore::not_closed() {
  const concurrency::MutexLock lock(mutex_);
  std::vector<StockLease> leases;
  for (const auto& [id, lease] : state_.leases) {
    if (lease.state != LeaseState::kClosed) leases.push_back(lease);
  }
  return leases;
}

std::vector<SalePosition> MemoryStore::stock(Instant ended_after) {
  const concurrency::MutexLock lock(mutex_);
  std::vector<SalePosition> positions;
  for (const auto& [id, sale] : state_.sales) {
    if (sale.ended_with_holds(ended_after)) continue;
    std::int64_t leased = 0;
    for (const auto& [lease_id, lease] : state_.leases) {
      if (lease.sale == id && lease.state != LeaseState::kClosed) leased += lease.unsold();
    }
    positions.push_back(SalePosition::from_stock(sale, leased));
    positions.back().settled_at = settled_at(id);
  }
  return positions;
}

std::optional<Instant> MemoryStore::settled_at(SaleId sale) const {
  const auto closed = state_.last_closed_at.find(sale);
  if (state_.sales.at(sale).unleased > 0 || closed == state_.last_closed_at.end()) return {};
  const bool open = std::ranges::any_of(state_.leases, [&](const auto& entry) {
    return entry.second.sale == sale && entry.second.state != LeaseState::kClosed;
  });
  return open ? std::nullopt : std::optional(closed->second);
}

PurchaseSnapshot MemoryStore::purchase(SaleId sale, UserId buyer, const IdempotencyKey& intent,
                                       LeaseId lease) {
  const concurrency::MutexLock lock(mutex_);
  PurchaseSnapshot snapshot;
  const auto asked = state_.sales.find(sale);
  for (const Order& order : state_.orders) {
    if (order.buyer != buyer || order.intent != intent) continue;
    // In whichever sale of the product.
    if (order.sale == sale || (asked != state_.sales.end() &&
                               state_.sales.at(order.sale).product == asked->second.product)) {
      snapshot.order = order;
    }
  }
  const auto found = state_.leases.find(lease);
  snapshot.lease_open = found != state_.leases.end() && found->second.state != LeaseState::kClosed;
  return snapshot;
}

OrderLine MemoryStore::line(const Order& order) const {
  const Sale& sale = state_.sales.at(order.sale);
  return {
      .order = order, .product = sale.product, .product_name = {}, .price_cents = sale.price_cents};
}

std::vector<OrderLine> MemoryStore::of_buyer(UserId buyer, OrderNumber before, std::size_t limit) {
  const concurrency::MutexLock lock(mutex_);
  std::vector<OrderLine> lines;
  for (const Order& order : state_.orders) {
    if (order.buyer == buyer && order.status != OrderStatus::kFailed &&
        (!before || order.number < before)) {
      lines.push_back(line(order));
    }
  }
  std::ranges::sort(lines, std::greater{}, [](const OrderLine& l) { return l.order.number; });
  if (lines.size() > limit)
    lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(limit), lines.end());
  return lines;
}

std::optional<OrderLine> MemoryStore::find(OrderNumber number) {
  const concurrency::MutexLock lock(mutex_);
  const Order* const found = find_order(number);
  if (found == nullptr) return std::nullopt;
  return line(*found);
}

std::vector<Order> MemoryStore::since(std::int32_t shard, std::int64_t after, std::size_t most) {
  const concurrency::MutexLock lock(mutex_);
  const auto& all = by_shard_.at(static_cast<std::size_t>(shard));
  const auto first = std::ranges::upper_bound(all, after, {}, &Order::seq);
  const auto count = std::min<std::ptrdiff_t>(all.end() - first, static_cast<std::ptrdiff_t>(most));
  return {first, first + count};
}

std::vector<ShardEnd> MemoryStore::newest() {
  const concurrency::MutexLock lock(mutex_);
  return state_.shards;
}

std::vector<std::int64_t> MemoryStore::cursors_before_recent(Instant) {
  const concurrency::MutexLock lock(mutex_);
  return std::vector<std::int64_t>(state_.shards.size());
}

RecentSales MemoryStore::recent_sales(Instant over_after) {
  const concurrency::MutexLock lock(mutex_);
  RecentSales recent{.sales = {}, .first = {1}, .last = {}};
  for (const auto& [id, sale] : state_.sales) {
    if (is_over(sale, settled_at(id), over_after)) continue;
    recent.sales.push_back(id);
  }
  for (const Order& order : state_.orders) recent.last = std::max(recent.last, order.number);
  return recent;
}

std::vector<Order> MemoryStore::numbered(OrderNumber first, OrderNumber last, std::size_t most) {
  std::vector<Order> orders;
  {
    const concurrency::MutexLock lock(mutex_);
    for (const Order& order : state_.orders) {
      if (first <= order.number && order.number <= last) orders.push_back(order);
    }
  }
  std::ranges::sort(orders, {}, &Order::number);
  if (orders.size() > most) orders.resize(most, orders.front());
  return orders;
}

}  // namespace stampede::repositories::memory
