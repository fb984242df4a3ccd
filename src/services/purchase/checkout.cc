#include "services/purchase/checkout.h"

#include <algorithm>
#include <utility>

#include "model/check.h"

namespace stampede::services::purchase {
namespace {

/// A *no*: the buyer may give up. It is never said of a key that may still succeed.
bool decides(Verdict verdict) {
  switch (verdict) {
    case Verdict::kBlacklisted:
    case Verdict::kUnknownProduct:
    case Verdict::kSaleEnded:
    case Verdict::kSoldOut:
    case Verdict::kLimitReached:
      return true;
    default:
      return false;
  }
}

/// Step 2: repeats or awaits the answer of an intent that is known.
std::optional<Answer> answer_known(BuyerStripe& stripe, const Attempt& attempt,
                                   const Intent& intent, const MakeWaiter& wait) {
  const CatalogSale* entry = stripe.sales->find(intent.sale_id());
  if (entry != nullptr && entry->sale.product != attempt.product) {
    return Answer{.verdict = Verdict::kKeyReused};
  }
  if (intent.doubted()) return unavailable(attempt);
  switch (intent.intent_state()) {
    case IntentState::kSold:
      return Answer{.verdict = Verdict::kSoldAlready,
                    .order = OrderNumber{static_cast<std::int64_t>(intent.number)},
                    .sale = intent.sale_id()};
    case IntentState::kHeld: {
      const auto held = stripe.holds.find({attempt.buyer, intent.key_hash});
      STAMPEDE_CHECK(held != stripe.holds.end(), "an intent is held as long as its hold is known");
      return Answer{.verdict = Verdict::kHeldAlready,
                    .order = OrderNumber{static_cast<std::int64_t>(intent.number)},
                    .pay_by = held->second,
                    .sale = intent.sale_id()};
    }
    case IntentState::kPending: {
      const auto pending = stripe.pending.find({attempt.buyer, intent.key_hash});
      STAMPEDE_CHECK(pending != stripe.pending.end(),
                     "an intent is pending as long as its purchase");
      // The order may be committed, and the web role, which reads the database, may have told the
      // buyer.
      pending->second.waiting.push_back({wait(), attempt.now.tick});
      return std::nullopt;
    }
    default:
      return Answer{.verdict = Verdict::kPurchaseFailed,
                    .reason = reason_of(intent.intent_state()),
                    .sale = intent.sale_id()};
  }
}

}  // namespace

Checkout::Checkout(const Rules& rules, const Parts& parts)
    : rules_(rules),
      parts_(parts),
      refusals_({rules.check_rate, rules.check_burst, rules.interval, rules.ipv6_prefix},
                parts.captcha, parts.blacklist),
      stripes_(rules.stripes),
      catalog_([this](SaleId sale) { return listener_of(sale); }) {}

stock::Stock::Listener Checkout::listener_of(SaleId sale) const {
  stock::Stock::Listener listener;
  listener.drained = [&queue = parts_.queue](LeaseId lease) {
    queue.publish(queue::CloseMarker{lease});
  };
  if (parts_.low_stock) listener.low = [this, sale] { parts_.low_stock(sale); };
  return listener;
}

/// The steps 2 to 4 of docs/design.md#steps, under the lock of the buyer's stripe.
std::optional<Answer> Checkout::decide(BuyerStripe& stripe, const Attempt& attempt,
                                       const MakeWaiter& wait) {
  if (!stripe.ownership->owns(attempt.buyer)) return unavailable(attempt);
  const auto found = stripe.buyers.find(attempt.buyer);
  BuyerRecord* record = found == stripe.buyers.end() ? nullptr : &found->second;
  if (record != nullptr) {
    if (const Intent* intent = record->find(hash_of(attempt.intent))) {
      return answer_known(stripe, attempt, *intent, wait);
    }
  }
  if (attempt.clock == Attempt::Clock::kJumped || attempt.now.tick < stripe.oldest_clock ||
      !stripe.ownership->alone(attempt.buyer, attempt.now.tick)) {
    return unavailable(attempt);
  }
  // Otherwise another owner may have this intent under way, or have bought with it.
  const bool sure = stripe.ownership->settled(attempt.buyer) &&
                    attempt.clock == Attempt::Clock::kTrusted &&
                    attempt.now.tick < doubt_from_.load(std::memory_order_relaxed);
  auto answer = decide_new(stripe, record, attempt, sure, wait);
  if (answer && decides(answer->verdict) && !sure) return unavailable(attempt);
  return answer;
}

std::optional<Answer> Checkout::decide_new(BuyerStripe& stripe, const BuyerRecord* record,
                                           const Attempt& attempt, bool sure,
                                           const MakeWaiter& wait) {
  const bool named = static_cast<bool>(attempt.sale);
  const CatalogSale* entry = named ? stripe.sales->find(attempt.sale)
                                   : stripe.sales->current(attempt.product, attempt.now.wall);
  if (entry == nullptr || entry->sale.product != attempt.product) {
    return Answer{.verdict = Verdict::kUnknownProduct, .sale = attempt.sale};
  }
  // The request does not say which sale this key is for, and a purchase with it may be under way in
  // an earlier one: in this sale it could buy a second time.
  if (!named && entry->units->earlier_open()) return unavailable(attempt);
  if (auto refusal = refusals_.refuse(*entry, record, attempt)) {
    // A purchase with this key may be in the queue still, and become an order.
    const bool open =
        refusal->verdict == Verdict::kSaleEnded && named && !entry->units->concluded();
    if (open) return unavailable(attempt);
    // It may have bought; a *no* would deny that.
    if (decides(refusal->verdict) && sure && entry->keys_forgotten(attempt.now.wall)) {
      return Answer{.verdict = Verdict::kKeyForgotten};
    }
    return refusal;
  }
  return buy(stripe, *entry, attempt, sure, wait);
}

/// Step 4. The intent is recorded before the lock is released, so that settle() finds it.
std::optional<Answer> Checkout::buy(BuyerStripe& stripe, const CatalogSale& entry,
                                    const Attempt& attempt, bool sure, const MakeWaiter& wait) {
  auto unit = entry.units->stock.take(attempt.now.tick);
  if (!unit) return unavailable(attempt);
  const LeaseId lease = unit->lease();
  const auto published = parts_.queue.publish(Purchase{.sale = entry.sale.id,
                                                       .buyer = attempt.buyer,
                                                       .intent = attempt.intent,
                                                       .lease = lease,
                                                       .created_at = attempt.now.wall});
  if (published == queue::Published::kRefused) {
    return unavailable(jittered(kSoonSeconds, attempt));
  }
  const std::uint64_t key_hash = hash_of(attempt.intent);
  BuyerRecord& record = stripe.buyers[attempt.buyer];
  record.add(key_hash, entry.sale.id);
  if (rules_.interval.count() > 0) record.note_attempt(attempt.now.tick);
  Pending& pending = stripe.pending[{attempt.buyer, key_hash}];
  pending.lease = lease;
  pending.since = attempt.now.tick;
  // A key of a buyer who was forgotten, or never loaded, may have bought long ago.
  pending.may_be_old = entry.keys_forgotten(attempt.now.wall);
  pending.waiting.push_back({wait(), attempt.now.tick, sure && !pending.may_be_old});
  if (published == queue::Published::kQueued) {
    std::move(*unit).commit();
  } else {
    pending.unit.emplace(std::move(*unit));
  }
  return std::nullopt;
}

void Checkout::settle(std::span<const Order> orders) {
  CompletionBatch completions;
  for (const Order& order : orders) {
    stripes_.with(order.buyer.value,
                  [&](BuyerStripe& stripe) { stripe.settle(order, completions); });
  }
  std::move(completions).send();
}

void Checkout::note_queued(std::span<const Purchase> purchases) {
  CompletionBatch completions;
  for (const Purchase& purchase : purchases) {
    stripes_.with(purchase.buyer.value,
                  [&](BuyerStripe& stripe) { stripe.note_queued(purchase, completions); });
  }
  std::move(completions).send();
}

void Checkout::note_refused(std::span<const Purchase> purchases) {
  CompletionBatch completions;
  for (const Purchase& purchase : purchases) {
    const bool promised = stripes_.with(purchase.buyer.value, [&](BuyerStripe& stripe) {
      return stripe.note_refused(purchase, completions);
    });
    // A buyer who was told "pending" may ask again only once the lease is closed.
    if (promised) catalog_.fence(purchase.sale, purchase.lease);
  }
  std::move(completions).send();
}

void Checkout::for_each_stripe(auto&& use) const {
  for (std::size_t i = 0; i < stripes_.size(); ++i) stripes_.with_stripe(i, use);
}

std::vector<LeaseId> Checkout::undecided_since(Tick before) const {
  std::vector<LeaseId> leases;
  for_each_stripe([&](const BuyerStripe& stripe) {
    for (const auto& [key, pending] : stripe.pending) {
      if (pending.since < before) leases.push_back(pending.lease);
    }
  });
  std::ranges::sort(leases);
  const auto rest = std::ranges::unique(leases);
  leases.erase(rest.begin(), rest.end());
  return leases;
}

void Checkout::note_orders_known(Tick asked, LeaseId oldest_open, std::span<const LeaseId> closed) {
  CompletionBatch completions;
  for_each_stripe([&](BuyerStripe& stripe) {
    stripe.note_orders_known(asked, oldest_open, closed, completions);
  });
  std::move(completions).send();
}

void Checkout::doubt_outcomes() {
  for_each_stripe([](BuyerStripe& stripe) { stripe.doubt_outcomes(); });
}

void Checkout::forget_doubted() {
  for_each_stripe([](BuyerStripe& stripe) { stripe.forget_doubted(); });
}

void Checkout::load_ownership(const std::shared_ptr<const routing::Ownership>& ownership) {
  for_each_stripe([&](BuyerStripe& stripe) { stripe.ownership = ownership; });
}

void Checkout::load_sales(std::span<const Sale> sales) {
  const auto snapshot = catalog_.load(sales);
  for_each_stripe([&](BuyerStripe& stripe) { stripe.sales = snapshot; });
}

void Checkout::expire_waits(Tick now) {
  CompletionBatch completions;
  for_each_stripe([&](BuyerStripe& stripe) { stripe.expire_waits(now, rules_.wait, completions); });
  std::move(completions).send();
}

void Checkout::sweep(Now now) {
  for_each_stripe([&](BuyerStripe& stripe) { stripe.sweep(now, rules_.interval); });
  refusals_.sweep(now.tick);
}

Checkout::Statistics Checkout::statistics() const {
  Statistics sum;
  for_each_stripe([&](const BuyerStripe& stripe) {
    sum.known_buyers += stripe.buyers.size();
    sum.waiting += stripe.pending.size();
  });
  return sum;
}

}  // namespace stampede::services::purchase
