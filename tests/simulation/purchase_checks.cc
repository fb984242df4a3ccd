#include "tests/simulation/purchase_checks.h"

#include <algorithm>

#include "services/leasing/terms.h"

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
  const auto banned = database_->banned_since.find(purchase.buyer);
  if (banned != database_->banned_since.end() && banned->second <= taken.bans_known) {
    throw Breach("a ban: " + name_of(purchase) + " was sold to a buyer of whose ban " +
                 taken.holder + " knew");
  }
  if (taken.named && taken.named != purchase.sale) {
    throw Breach("the sale: " + name_of(purchase) + " named one, and was sold in another");
  }
  const Sale& sale = database_->store.view().sales.at(purchase.sale);
  const bool changed = database_->sales_changed > taken.sales_known || database_->failovers > 0;
  const Instant now = Process::true_wall(taken.clock_read);
  const bool beside = !sale.started(now + 3s) || sale.ended(now - 3s);
  if (!changed &&
      (beside || !sale.started(purchase.created_at) || sale.ended(purchase.created_at))) {
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
  if (taken != nullptr && !taken->arrived) taken->arrived = stage_->scheduler.time();
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
  const Duration guard = services::leasing::Terms{}.guard;
  if (!taken.arrived || *taken.arrived - taken.clock_read >= guard - kClockError) return;
  throw Breach("needless: " + std::string(order.intent.text()) + " was too late for lease " +
               std::to_string(order.lease.value) + ", and was in the queue in time");
}

/// One process knows what it has sold to a buyer, and what of that is not decided yet.
void PurchaseChecks::check_limit(const Order& order, const Taken& taken) {
  if (database_->sales_changed > taken.sales_known) return;  // it sold by another limit
  const auto& state = database_->store.view();
  std::int32_t beside = 0;
  for (const Order& other : state.orders) {
    if (!other.active() || other.sale != order.sale || other.buyer != order.buyer) continue;
    const Taken* known = find(other.intent, other.lease);
    if (known != nullptr && known->holder == taken.holder) ++beside;
  }
  if (beside < state.sales.at(order.sale).per_buyer_limit) return;
  throw Breach("needless: " + std::string(order.intent.text()) +
               " reached the limit, and one process sold all of it");
}

}  // namespace stampede::simulation
