#include "tests/simulation/purchase_checks.h"

#include <algorithm>

#include "services/leasing/lease_times.h"

namespace stampede::simulation {
namespace {

using namespace std::chrono_literals;

/// What two clocks drift apart in the life of a lease, and whole milliseconds.
constexpr Duration kClockError = 20ms;

std::string name_of(const Purchase& purchase) { return std::string(purchase.intent.text()); }

}  // namespace

PurchaseChecks::OfIntent& PurchaseChecks::of(const IdempotencyKey& intent) {
  return intents_[std::string(intent.text())];
}

Taken* PurchaseChecks::find(const IdempotencyKey& intent, LeaseId lease) {
  for (Taken& taken : of(intent)) {
    if (taken.purchase.lease == lease) return &taken;
  }
  return nullptr;
}

/// Messages of a lease may be in the queue for long (docs/design.md#lost-tail): under its number
/// nothing else is sold.
void PurchaseChecks::granted(LeaseId lease, const std::string& holder, std::int64_t request) {
  const auto [entry, is_new] = granted_.try_emplace(lease, Granted{holder, request});
  const Granted& before = entry->second;
  if (is_new || (before.holder == holder && before.request == request)) return;
  throw Breach("a grant: lease " + std::to_string(lease.value) + " of " + before.holder +
               " was granted again");
}

void PurchaseChecks::taken(Taken taken) {
  check_permission(taken);
  check_interval(taken);
  if (Taken* before = find(taken.purchase.intent, taken.purchase.lease)) {
    *before = std::move(taken);  // refused, and tried again
  } else {
    of(taken.purchase.intent).push_back(std::move(taken));
  }
}

void PurchaseChecks::check_permission(const Taken& taken) const {
  const Purchase& purchase = taken.purchase;
  const auto banned = database_->bans.since.find(purchase.buyer);
  if (banned != database_->bans.since.end()) {
    const auto made = database_->bans_when_made.find(purchase.sale);
    const bool before = made != database_->bans_when_made.end() && banned->second <= made->second;
    if (before || banned->second <= database_->ban_change_of(taken.bans_known)) {
      throw Breach("a ban: " + name_of(purchase) + " was sold to a buyer who was banned " +
                   (before ? "before the sale was made" : "as " + taken.holder + " knew"));
    }
  }
  if (taken.named && taken.named != purchase.sale) {
    throw Breach("the sale: " + name_of(purchase) + " named one, and was sold in another");
  }
  const Sale& sale = database_->store.view().sales.at(purchase.sale);
  if (database_->failovers > 0) return;
  // In a cluster nothing is granted to a validator that knows another start; an end may come early.
  const bool changed = database_->sales_changed > taken.sales_known;
  const bool knows_start = !changed || stage_->profile.world != WorldKind::kServe;
  const Instant now = Process::true_wall(taken.clock_read);
  const bool early = !sale.started(now + 3s) || !sale.started(purchase.created_at);
  const bool late = sale.ended(now - 3s) || sale.ended(purchase.created_at);
  if ((knows_start && early) || (!changed && late)) {
    throw Breach("the window: " + name_of(purchase) + " was sold outside of it");
  }
}

/// I9, as far as one process can keep it: by the clock that a request was read with, or by when it
/// is decided.
void PurchaseChecks::check_interval(const Taken& taken) {
  if (stage_->profile.interval == 0ms) return;
  const std::pair who{taken.holder, taken.purchase.buyer};
  const auto last = last_.find(who);
  const Duration now = stage_->scheduler.time();
  if (last != last_.end() && taken.tick - last->second.tick < stage_->profile.interval &&
      now - last->second.decided < stage_->profile.interval - kClockError) {
    throw Breach("I9: " + name_of(taken.purchase) + " was taken within the interval after " +
                 last->second.intent + ", " +
                 std::to_string((taken.tick - last->second.tick).count() / 1'000) + " ms");
  }
  last_[who] = {taken.tick, now, name_of(taken.purchase)};
}

void PurchaseChecks::given_back(const Purchase& purchase) {
  Taken* taken = find(purchase.intent, purchase.lease);
  if (taken == nullptr) return;
  taken->refused = true;
  const auto last = last_.find({taken->holder, purchase.buyer});
  if (last != last_.end() && last->second.intent == name_of(purchase)) last_.erase(last);
}

void PurchaseChecks::arrived(const Purchase& purchase) {
  Taken* taken = find(purchase.intent, purchase.lease);
  if (taken == nullptr) return;
  taken->arrived_last = stage_->scheduler.time();
  if (!taken->arrived) taken->arrived = taken->arrived_last;
}

void PurchaseChecks::sold_long_ago(const Order& order) {
  of(order.intent)
      .push_back(
          {.purchase = {order.sale, order.buyer, order.intent, order.lease, order.created_at},
           .holder = "long ago",
           .clock_read = {},
           .tick = {},
           .bans_known = -1,
           .sales_known = -1,
           .named = order.sale});
}

void PurchaseChecks::session(UserId buyer, SessionEpoch epoch, bool opened,
                             std::int64_t ended_known) const {
  const auto newest = database_->session_epochs.find(buyer);
  if (!opened && (newest == database_->session_epochs.end() || newest->second <= epoch)) {
    throw Breach("a session: one of buyer " + std::to_string(buyer.value) +
                 " that has not ended was refused");
  }
  for (std::int64_t i = 0; opened && i < ended_known; ++i) {
    const auto& ended = database_->sessions[static_cast<std::size_t>(i)];
    if (ended.buyer == buyer && epoch < ended.epoch) {
      throw Breach("a session: one of buyer " + std::to_string(buyer.value) +
                   " that had ended was opened");
    }
  }
}

bool PurchaseChecks::arrived_since(const Purchase& purchase, Duration then) {
  const Taken* taken = find(purchase.intent, purchase.lease);
  return taken != nullptr && taken->arrived && taken->arrived_last >= then;
}

void PurchaseChecks::written(const Order& order) {
  const Taken* taken = find(order.intent, order.lease);
  if (taken == nullptr) {
    throw Breach("I4: an order of " + std::string(order.intent.text()) + " from lease " +
                 std::to_string(order.lease.value) + ", which nobody took");
  }
  if (database_->failovers > 0) return;
  if (order.reason == FailureReason::kTooLate) check_too_late(order, *taken);
  if (order.reason == FailureReason::kLimitReached) check_limit(order, *taken);
}

/// Whoever sells by the clock that counts from before it asked is heard before the guard is over.
void PurchaseChecks::check_too_late(const Order& order, const Taken& taken) const {
  if (stage_->profile.world == WorldKind::kServe) {
    throw Breach("needless: " + std::string(order.intent.text()) +
                 " was too late for a lease that this process closes itself");
  }
  const Duration guard = services::leasing::LeaseTimes{}.guard;
  if (!taken.arrived || *taken.arrived - taken.clock_read >= guard - kClockError) return;
  throw Breach("needless: " + std::string(order.intent.text()) + " was too late for lease " +
               std::to_string(order.lease.value) + ", and was in the queue in time");
}

/// One process knows what it has sold to a buyer, and what of that is not decided yet.
void PurchaseChecks::check_limit(const Order& order, const Taken& taken) {
  const bool changed = database_->sales_changed > taken.sales_known;
  if (changed && stage_->profile.world == WorldKind::kServe) return;  // it sold by another limit
  const auto& state = database_->store.view();
  std::int32_t beside = 0;
  std::int32_t counted = 0;
  for (const Order& other : state.orders) {
    if (other.sale != order.sale || other.buyer != order.buyer) continue;
    if (!other.counts()) continue;
    ++counted;
    const Taken* known = find(other.intent, other.lease);
    if (known != nullptr && known->holder == taken.holder) ++beside;
  }
  const std::int32_t limit = state.sales.at(order.sale).per_buyer_limit;
  if (counted < limit) {
    throw Breach("needless: " + std::string(order.intent.text()) + " reached the limit with " +
                 std::to_string(counted) + " orders that count");
  }
  if (beside < limit) return;
  throw Breach("needless: " + std::string(order.intent.text()) +
               " reached the limit, and one process sold all of it");
}

}  // namespace stampede::simulation
