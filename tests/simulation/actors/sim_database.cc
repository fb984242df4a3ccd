#include "tests/simulation/actors/sim_database.h"

#include <algorithm>
#include <ranges>
#include <utility>
#include <vector>

#include "model/orders/order_number.h"
#include "queue/codec.h"
#include "tests/simulation/actors/split_write.h"
#include "tests/simulation/engine/fiber.h"

namespace stampede::simulation {

using namespace std::chrono_literals;
using repositories::OrderTransaction;
using repositories::StorageError;

namespace {

IdempotencyKey some_other_key() { return *IdempotencyKey::parse("nobodys-intent-at-all"); }

/// The consumer's transaction, whose statements and commit fail as the client's do.
class SimTransaction final : public OrderTransaction {
 public:
  SimTransaction(Stage& stage, SimDatabase& database, DatabaseClient& client)
      : stage_(&stage),
        database_(&database),
        client_(&client),
        transaction_(database.store.begin()) {}

  void lock_buyers(std::span<const UserId> ascending) override {
    client_->reach();
    transaction_->lock_buyers(ascending);
  }
  std::vector<repositories::ChargedLease> lock_leases(std::span<const LeaseId> ascending) override {
    client_->reach();
    auto leases = transaction_->lock_leases(ascending);
    for (auto& locked : leases) {
      if (stage_->bug == Bug::kClosedLooksOpen) locked.lease.state = LeaseState::kOpen;
      if (stage_->bug == Bug::kLimitIgnored) ++locked.per_buyer_limit;
    }
    return leases;
  }
  repositories::ShardState lock_shard(std::int32_t shard) override {
    client_->reach();
    return transaction_->lock_shard(shard);
  }
  std::vector<Order> orders_of(std::span<const repositories::SaleBuyer> ascending) override {
    client_->reach();
    auto orders = transaction_->orders_of(ascending);
    if (stage_->bug == Bug::kOwnSaleAlone) {
      std::erase_if(orders, [&](const Order& order) {
        return !std::ranges::binary_search(ascending,
                                           repositories::SaleBuyer{order.sale, order.buyer});
      });
    }
    if (stage_->bug == Bug::kCancelledCounts) {
      for (Order& order : orders) order = as_created(order);
    }
    if (stage_->bug == Bug::kExpiredForgiven) {
      for (Order& order : orders) order = as_if_cancelled(order);
    }
    if (stage_->bug != Bug::kIntentsHidden) return orders;
    for (Order& order : orders) order.intent = some_other_key();
    return orders;
  }
  void insert(std::span<const Order> orders) override {
    client_->reach();
    if (std::ranges::any_of(orders, [this](const Order& order) { return refuses(order); })) {
      throw StorageError(StorageError::Kind::kRefused, "a constraint does not hold");
    }
    if (stage_->bug == Bug::kHoldFromPurchase) {
      transaction_->insert(held_from_purchase(orders));
    } else {
      transaction_->insert(orders);
    }
    for (const Order& order : orders) inserted_.push_back(order.number);
  }
  std::vector<Order> held_from_purchase(std::span<const Order> orders) const {
    std::vector<Order> held(orders.begin(), orders.end());
    for (Order& order : held) {
      if (order.pay_by) order.pay_by = order.created_at + *stage_->profile.hold;
    }
    return held;
  }
  bool charge(const repositories::LeaseCharge& charge) override {
    client_->reach();
    if (stage_->bug == Bug::kChargeForgotten) return true;
    return transaction_->charge(charge) || stage_->bug == Bug::kClosedLooksOpen;
  }
  void close(LeaseId lease) override {
    client_->reach();
    transaction_->close(lease);
  }
  void advance_shard(std::int32_t shard, const ShardEnd& end) override {
    client_->reach();
    transaction_->advance_shard(shard, end);
  }
  void commit() override {
    if (stage_->bug == Bug::kCommitIsLost && stage_->chance(0.02)) return;
    try {
      client_->commit([this] {
        transaction_->commit();
        for (const OrderNumber number : inserted_) {
          database_->committed.emplace(number, stage_->scheduler.time());
        }
      });
    } catch (const StorageError& error) {
      const bool unknown = error.kind() == StorageError::Kind::kOutcomeUnknown;
      if (!unknown || stage_->bug != Bug::kUnknownCommitIsWritten) throw;
    }
  }

 private:
  bool refuses(const Order& order) {
    if (stage_->profile.refused == 0) return false;
    const auto [row, is_new] =
        database_->refused.try_emplace({std::string(order.intent.text()), order.created_at}, false);
    if (is_new) row->second = stage_->chance(stage_->profile.refused);
    return row->second;
  }

  Stage* stage_;
  SimDatabase* database_;
  DatabaseClient* client_;
  std::unique_ptr<OrderTransaction> transaction_;
  std::vector<OrderNumber> inserted_;
};

}  // namespace

void SimDatabase::put_ban(const BlacklistEntry& entry) {
  const bool spoilt = stage_->bug == Bug::kShorterBanWins;
  const auto until = [](const BlacklistEntry& ban) {
    return ban.expires_at.value_or(Instant::max());
  };
  const auto before = bans.entries.find(entry.user);
  if (before != bans.entries.end() && until(before->second) > until(entry) && !spoilt) return;
  bans.entries[entry.user] = entry;
  note_bans_changed();
  if (!entry.expires_at) bans.since[entry.user] = ban_changes;
}

void SimDatabase::lift_ban(UserId buyer) {
  bans.entries.erase(buyer);
  bans.since.erase(buyer);
  note_bans_changed();
}

void SimDatabase::lose_bans(Bans kept) {
  bans = std::move(kept);
  ++ban_changes;
  for (std::int64_t& since : bans.since | std::views::values) since = ban_changes;
  told_by_revision_[bans.revision] = ban_changes;
}

std::int64_t SimDatabase::ban_change_of(std::int64_t revision) const {
  const auto told = told_by_revision_.find(revision);
  return told != told_by_revision_.end() ? told->second : -1;
}

/// As repositories::sql::raise_revision(), whose steps are random: no revision is given again that
/// a failover has lost.
void SimDatabase::note_bans_changed() {
  ++ban_changes;
  do {
    ++bans.revision;
  } while (told_by_revision_.contains(bans.revision) && stage_->bug != Bug::kRevisionGivenAgain);
  told_by_revision_[bans.revision] = ban_changes;
}

void DatabaseClient::reach() {
  if (database_->away || !network_->linked(*client_, database_->process) ||
      stage_->chance(stage_->profile.statement_failed)) {
    ++failures_;
    const bool spoilt = stage_->bug == Bug::kAwayIsRefused;
    throw StorageError(spoilt ? StorageError::Kind::kRefused : StorageError::Kind::kUnreachable,
                       "the database is away");
  }
  database_->store.set_clock(std::chrono::time_point_cast<std::chrono::milliseconds>(
      database_->process.now().wall + database_->clock_ahead));
}

void DatabaseClient::reach(SimDatabase::Part part) {
  reach();
  if (part == SimDatabase::Part::kNone || part != database_->failing) return;
  throw StorageError(StorageError::Kind::kBusy, "a row was locked for too long");
}

void DatabaseClient::commit(const std::function<void()>& change) {
  const bool gives_up = std::exchange(gives_up_, false);
  reach();
  failures_ += database_->full ? 1 : 0;
  if (database_->full) throw StorageError(StorageError::Kind::kFull, "the disk is full");
  const bool unknown = stage_->chance(stage_->profile.commit_unknown) || gives_up;
  failures_ += unknown ? 1 : 0;
  if (!unknown || gives_up || stage_->random.chance(0.5)) {
    change();
    ++database_->changes;
  }
  if (unknown && flush_failed) flush_failed();
  if (unknown) throw StorageError(StorageError::Kind::kOutcomeUnknown, "lost after COMMIT");
}

template <class Change>
auto DatabaseClient::write(Change change) {
  decltype(change()) result{};
  commit([&] { result = change(); });
  return result;
}

std::unique_ptr<OrderTransaction> DatabaseClient::begin() {
  reach();
  return std::make_unique<SimTransaction>(*stage_, *database_, *this);
}

std::optional<LeaseId> DatabaseClient::grant(SaleId sale, std::int64_t units, Instant now) {
  std::optional<LeaseId> lease;
  commit([&] { lease = database_->store.grant(sale, units, now); });
  return lease;
}

std::expected<StockLease, repositories::NoGrant> DatabaseClient::grant(
    const repositories::Term& term, const repositories::LeaseRequest& request, std::int64_t units,
    Instant now) {
  auto asked = request;
  if (stage_->bug == Bug::kGrantRepeats) asked.number += 1'000'000 * ++last_request_;
  if (stage_->bug == Bug::kStaleRingGranted) asked.ring_epoch = database_->store.view().ring.epoch;
  if (stage_->bug == Bug::kUsedNumberGranted) asked.behind = LeaseId{0};
  if (stage_->bug == Bug::kOtherTermsGranted) asked.known.reset();
  if (Fiber::running()) return SplitWrite(*this).grant(term, asked, units);
  if (database_->sale_row_held) wait_for_sale_row();
  return write([this, term, asked, units, now] {
    return database_->store.grant(term_of(term), asked, units, now);
  });
}

/// Either the wait fails, or the row comes after the request's sender has given up.
void DatabaseClient::wait_for_sale_row() {
  if (stage_->random.chance(0.7)) {
    throw StorageError(StorageError::Kind::kBusy, "a row was locked for too long");
  }
  gives_up_ = true;
}

/// Where the term is checked: see Bug::kTermIgnored, and the nonce that Bug::kNumbersGoOn takes
/// away.
repositories::Term DatabaseClient::term_of(const repositories::Term& term) const {
  const auto& leader = database_->store.view().leader;
  const bool without_nonce =
      planted(Bug::kNumbersGoOn) && term.holder == leader.holder && term.epoch == leader.epoch;
  return planted(Bug::kTermIgnored) || without_nonce ? leader : term;
}

/// For as long as it lives.
struct DatabaseClient::ChangingRing {
  explicit ChangingRing(bool& changes_ring) : flag(changes_ring) { flag = true; }
  ~ChangingRing() { flag = false; }
  ChangingRing(const ChangingRing&) = delete;
  ChangingRing& operator=(const ChangingRing&) = delete;

  bool& flag;
};

void DatabaseClient::continue_behind(const repositories::Term& term, LeaseId lease, Instant now) {
  if (Fiber::running()) {
    const ChangingRing changing(changes_ring_);
    return SplitWrite(*this).continue_behind(term, lease, now);
  }
  write([this, term, lease, now] {
    database_->store.continue_behind(term_of(term), lease, now);
    return true;
  });
}

LeaseId DatabaseClient::newest_lease() {
  reach();
  return database_->store.newest_lease();
}

void DatabaseClient::fence(LeaseId lease) {
  commit([&] { database_->store.fence(lease); });
}

void DatabaseClient::fence(const repositories::Term& term, LeaseId lease) {
  if (Fiber::running()) return SplitWrite(*this).fence(term, lease);
  if (database_->locks.locked({RowLocks::Kind::kLease, lease.value}) &&
      stage_->random.chance(0.5)) {
    throw StorageError(StorageError::Kind::kBusy, "a row was locked for too long");
  }
  write([this, term, lease] {
    database_->store.fence(term_of(term), lease);
    if (stage_->bug != Bug::kFenceCloses) return true;
    const auto transaction = database_->store.begin();
    transaction->close(lease);
    transaction->commit();
    return true;
  });
}

std::vector<StockLease> DatabaseClient::not_closed() {
  reach();
  if (meanwhile) meanwhile();
  if (planted_in_serve(Bug::kLeftOverForgotten)) return {};
  return database_->store.not_closed();
}

std::vector<SalePosition> DatabaseClient::stock(Instant ended_after) {
  reach(SimDatabase::Part::kStock);
  if (meanwhile) meanwhile();
  auto stocks = database_->store.stock(ended_after);
  if (stage_->bug == Bug::kUnsoldForgotten) {
    for (auto& stock : stocks) stock.leased = 0;
  }
  if (stage_->bug == Bug::kNeverLoadedUnknown) {
    for (auto& stock : stocks) stock.settled_at.reset();
  }
  return stocks;
}

repositories::PurchaseSnapshot DatabaseClient::purchase(SaleId sale, UserId buyer,
                                                        const IdempotencyKey& intent,
                                                        LeaseId lease) {
  reach();
  return database_->store.purchase(sale, buyer, intent, lease);
}

std::vector<repositories::OrderLine> DatabaseClient::of_buyer(UserId buyer, OrderNumber before,
                                                              std::size_t limit) {
  reach();
  return database_->store.of_buyer(buyer, before, limit);
}

std::optional<repositories::OrderLine> DatabaseClient::find(OrderNumber number) {
  reach();
  return database_->store.find(number);
}

std::vector<Order> DatabaseClient::since(std::int32_t shard, std::int64_t after, std::size_t most) {
  reach(SimDatabase::Part::kOrders);
  if (meanwhile) meanwhile();
  auto orders = database_->store.since(shard, after, most);
  if (stage_->bug == Bug::kStaleOrders) {
    const auto fresh = std::ranges::find_if(orders, [&](const Order& order) {
      return database_->committed.at(order.number) > stage_->scheduler.time() - 2s;
    });
    orders.erase(fresh, orders.end());
  }
  if (stage_->bug == Bug::kSeqHole && orders.size() > 1 && stage_->random.chance(0.2)) {
    orders.erase(orders.end() - 2);
  }
  return orders;
}

std::vector<ShardEnd> DatabaseClient::newest() {
  reach();
  return database_->store.newest();
}

std::vector<std::int64_t> DatabaseClient::cursors_before_recent(Instant over_after) {
  reach();
  return database_->store.cursors_before_recent(over_after);
}

repositories::RecentSales DatabaseClient::recent_sales(Instant over_after) {
  reach();
  auto recent = database_->store.recent_sales(over_after);
  if (stage_->bug == Bug::kNeverLoadedUnknown && database_->sold_long_ago > 0) {
    recent.sales = {SaleId{1}};
    recent.first = {database_->sold_long_ago + 1};
  }
  return recent;
}

std::vector<Order> DatabaseClient::numbered(OrderNumber first, OrderNumber last, std::size_t most) {
  try {
    reach();
  } catch (const StorageError&) {
    if (stage_->bug != Bug::kLoadingSkips) throw;
    return {};
  }
  auto orders = database_->store.numbered(first, last, most);
  if (planted(Bug::kLoadedAsCreated)) {
    for (Order& order : orders) order = as_created(order);
  }
  return orders;
}

/// A consumer may be about to decide about the same buyer, or have the shard.
void DatabaseClient::lock(std::initializer_list<RowLocks::Row> rows) {
  const Duration now = stage_->scheduler.time();
  const auto owner = database_->locks.begin(now);
  const bool free = std::ranges::all_of(rows, [&](const RowLocks::Row& row) {
    return database_->locks.lock(owner, row, RowLocks::Mode::kExclusive, now) ==
           RowLocks::Result::kLocked;
  });
  database_->locks.release(owner);
  if (!free) throw StorageError(StorageError::Kind::kBusy, "a row was locked for too long");
}

void DatabaseClient::change(OrderNumber number, const Decide& decide) {
  reach();
  if (const auto line = database_->store.find(number)) {
    const Order& order = line->order;
    lock({{RowLocks::Kind::kBuyer, order.buyer.value},
          {RowLocks::Kind::kShard,
           shard_of(order.number, std::ssize(database_->store.view().shards))},
          {RowLocks::Kind::kSale, order.sale.value}});
  }
  commit([&] {
    database_->store.change(number, [&](const repositories::OrderFacts* facts) {
      if (facts == nullptr || stage_->bug == Bug::kNone) return decide(facts);
      const auto shown = spoilt(*facts);
      auto decision = decide(&shown);
      const bool pays = decision.event && decision.event->kind == OrderEventKind::kPaid;
      if (planted(Bug::kPaymentForgotten) && !pays) decision.payments.clear();
      if (planted(Bug::kCancelledKeepsMoney) && decision.event && !pays) decision.payments.clear();
      return decision;
    });
  });
}

/// What an order looks like to a caller that decides about it.
repositories::OrderFacts DatabaseClient::spoilt(repositories::OrderFacts facts) const {
  if (planted(Bug::kReturnedTwice)) facts.order = as_created(facts.order);
  if (planted(Bug::kLatePaymentKept)) facts.sale.unleased = 1;
  return facts;
}

Instant DatabaseClient::now() {
  reach();
  return database_->store.now();
}

repositories::ExpiredHolds DatabaseClient::expire(const repositories::HoldsOf& holds, Instant due,
                                                  Instant now, std::size_t most) {
  reach();
  lock({{RowLocks::Kind::kShard, holds.shard}, {RowLocks::Kind::kSale, holds.sale.value}});
  repositories::ExpiredHolds expired;
  commit([&] {
    expired = database_->store.expire(holds, due, now, most);
    if (planted(Bug::kPaidExpires)) expire_paid(due, now);
    if (planted(Bug::kExpiredUnitKept) && expired.expired > 0) {
      auto state = database_->store.state();
      --state.sales.at(holds.sale).unleased;
      database_->store.restore(std::move(state));
    }
  });
  return expired;
}

void DatabaseClient::expire_paid(Instant due, Instant now) {
  const auto orders = database_->store.view().orders;
  for (const Order& order : orders) {
    if (order.status != OrderStatus::kPaid || *order.pay_by > due) continue;
    database_->store.change(order.number, [&](const repositories::OrderFacts*) {
      return repositories::OrderDecision{.event = OrderEvent{.order = order.number,
                                                             .kind = OrderEventKind::kExpired,
                                                             .actor = OrderEvent::kClock,
                                                             .reason = {},
                                                             .at = now}};
    });
  }
}

std::vector<repositories::HoldsOf> DatabaseClient::holds(Instant over_after) {
  reach();
  return database_->store.holds(over_after);
}

std::optional<Payment> DatabaseClient::payment(const std::string& reference) {
  reach();
  return database_->store.payment(reference);
}

std::vector<Payment> DatabaseClient::payments_of(OrderNumber number) {
  reach();
  return database_->store.payments_of(number);
}

std::vector<OrderEvent> DatabaseClient::of_order(OrderNumber number) {
  reach();
  return database_->store.of_order(number);
}

std::vector<Order> DatabaseClient::changed(std::int32_t shard, std::int64_t after,
                                           std::size_t most) {
  reach();
  return database_->store.changed(shard, after, most);
}

repositories::RingState DatabaseClient::ring() {
  reach();
  auto ring = database_->store.ring();
  if (stage_->bug == Bug::kMembersForgotten) ring.members.clear();
  return ring;
}

repositories::RingState DatabaseClient::replace(const repositories::Term& term,
                                                const repositories::RingChange& change,
                                                Instant now) {
  if (planted(Bug::kUnansweredIsVoid)) {
    const auto& stored = database_->store.view().ring;
    const bool same = std::ranges::equal(stored.members, change.members) &&
                      stored.virtual_nodes == change.virtual_nodes;
    if (same && stored.epoch > change.above) return ring();
  }
  if (Fiber::running()) {
    const ChangingRing changing(changes_ring_);
    return SplitWrite(*this).replace(term, change);
  }
  return write([this, term, epoch = change.epoch, above = change.above,
                members = std::vector(change.members.begin(), change.members.end()),
                virtual_nodes = change.virtual_nodes, now] {
    return database_->store.replace(
        term_of(term),
        {.epoch = epoch, .above = above, .members = members, .virtual_nodes = virtual_nodes}, now);
  });
}

std::optional<repositories::TakenTerm> DatabaseClient::take(const std::string& holder,
                                                            std::int64_t above,
                                                            std::chrono::milliseconds life) {
  auto taken = Fiber::running() ? SplitWrite(*this).take(holder, above, life)
                                : write([this, holder, above, life] {
                                    return database_->store.take(holder, above, life);
                                  });
  if (taken && planted(Bug::kNumbersGoOn)) {
    taken->at = {};
    taken->nonce.clear();
  }
  return taken;
}

void DatabaseClient::note_standby_asked() {
  commit([this] { database_->store.note_standby_asked(); });
}

std::optional<repositories::Renewal> DatabaseClient::renew(const repositories::Term& term,
                                                           std::chrono::milliseconds life) {
  if (Fiber::running()) return SplitWrite(*this).renew(term, life);
  return write([this, term, life] { return database_->store.renew(term_of(term), life); });
}

void DatabaseClient::resign(const repositories::Term& term) {
  if (Fiber::running()) return SplitWrite(*this).resign(term);
  commit([&] { database_->store.resign(term); });
}

std::optional<Instant> DatabaseClient::standing(const repositories::Term& term) {
  reach();
  return database_->store.standing(term_of(term));
}

void DatabaseClient::put(std::int32_t, std::string_view body, std::string_view, Instant) {
  commit([&] {
    const auto messages = queue::decode(body);
    if (!messages) return;
    for (const queue::Message& message : *messages) {
      const auto* purchase = std::get_if<Purchase>(&message);
      if (purchase == nullptr) throw Breach("needless: a close marker went into quarantine");
      const std::string intent(purchase->intent.text());
      const auto row = database_->refused.find({intent, purchase->created_at});
      if (row == database_->refused.end() || !row->second) {
        throw Breach("needless: " + intent + " went into quarantine");
      }
      database_->quarantined.insert(intent);
    }
  });
}

std::int64_t DatabaseClient::count() {
  return static_cast<std::int64_t>(database_->quarantined.size());
}

}  // namespace stampede::simulation
