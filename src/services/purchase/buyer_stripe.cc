#include "services/purchase/buyer_stripe.h"

#include <algorithm>

#include "model/check.h"

namespace stampede::services::purchase {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// A table of buyers that is emptier than one in so many places gives its memory back.
constexpr std::size_t kSparse = 8;
constexpr std::size_t kSmallTable = 1'024;  // places; not worth the copying

/// Of a purchase whose outcome is not known here.
Answer undecided(Verdict verdict, SaleId sale, LeaseId lease) {
  return {.verdict = verdict,
          .sale = sale,
          .lease = lease,
          .retry_after = seconds{verdict == Verdict::kUnavailable ? 1 : 0}};
}

Answer answer_of(const Order& order) {
  if (order.status == OrderStatus::kHeld) {
    return {.verdict = Verdict::kHeld,
            .order = order.number,
            .pay_by = order.pay_by.value_or(Instant{}),
            .sale = order.sale};
  }
  if (order.active()) return {.verdict = Verdict::kSold, .order = order.number, .sale = order.sale};
  return {.verdict = Verdict::kPurchaseFailed, .reason = order.reason, .sale = order.sale};
}

/// How far an order has come: it changes in one direction (docs/design.md#order-events). 0: it is
/// pending, or has failed. A validator hears of one that was paid as of one that is final
/// (peers/descriptions.h).
int stage_of(IntentState state) {
  switch (state) {
    case IntentState::kHeld:
      return 1;
    case IntentState::kExpired:
      return 2;
    case IntentState::kSold:
      return 3;
    case IntentState::kCancelled:
      return 4;
    default:
      return 0;
  }
}

/// Whether the order is told as it was before what is known of it: read earlier, or by another
/// thread.
bool is_older(const Order& order, const Intent& known) {
  const int told = stage_of(state_of(order));
  return told > 0 && told < stage_of(known.intent_state());
}

/// The sale of a pending purchase.
SaleId sale_of(BuyerRecord& record, std::uint64_t key_hash) {
  const Intent* const intent = record.find(key_hash);
  STAMPEDE_CHECK(intent != nullptr, "a pending purchase keeps its intent");
  return intent->sale_id();
}

}  // namespace

void BuyerStripe::settle(const Order& order, CompletionBatch& completions) {
  const std::uint64_t key_hash = hash_of(order.intent);
  BuyerRecord& record = buyers[order.buyer];
  Intent* intent = record.find(key_hash);
  if (intent == nullptr) intent = &record.add(key_hash, order.sale);
  if (!intent->doubted() && is_older(order, *intent)) return;
  // In another sale of the product this key had been used before: the intent is that one's.
  intent->sale = static_cast<std::uint32_t>(order.sale.value);
  intent->state = static_cast<std::uint8_t>(state_of(order));
  intent->number = static_cast<std::uint64_t>(order.number.value) & ((1ULL << 56) - 1);
  if (order.status == OrderStatus::kHeld) {
    holds[{order.buyer, key_hash}] = order.pay_by.value_or(Instant{});
  } else if (!holds.empty()) {
    holds.erase({order.buyer, key_hash});
  }
  const auto found = pending.find({order.buyer, key_hash});
  if (found == pending.end()) return;
  found->second.tell_all(completions, answer_of(order));
  // The order came back before the broker's confirm did.
  if (found->second.unit) std::move(*found->second.unit).commit();
  pending.erase(found);
}

void BuyerStripe::note_queued(const Purchase& purchase, CompletionBatch& completions) {
  const auto found = pending.find({purchase.buyer, hash_of(purchase.intent)});
  if (found == pending.end() || found->second.lease != purchase.lease) return;
  Pending& entry = found->second;
  if (!entry.unit) return;
  std::move(*entry.unit).commit();
  entry.unit.reset();
  entry.tell(completions, undecided(Verdict::kPending, purchase.sale, purchase.lease),
             [](const Waiting& request) { return request.before_any_yes; });
}

bool BuyerStripe::note_refused(const Purchase& purchase, CompletionBatch& completions) {
  const PendingKey key{purchase.buyer, hash_of(purchase.intent)};
  const auto found = pending.find(key);
  if (found == pending.end() || found->second.lease != purchase.lease) return false;
  Pending& entry = found->second;
  const bool told = entry.told;
  entry.tell_all(completions, unavailable(seconds{kSoonSeconds}));
  BuyerRecord& record = buyers[purchase.buyer];
  record.remove_if([&](const Intent& intent) { return intent.key_hash == key.key_hash; });
  // A later attempt, with another key, stands.
  if (record.attempted_at(entry.since)) record.forget_attempt();
  pending.erase(found);
  return told;
}

void BuyerStripe::note_orders_known(Tick asked, LeaseId oldest_open,
                                    std::span<const LeaseId> closed, CompletionBatch& completions) {
  boost::unordered::erase_if(pending, [&](auto& keyed) {
    auto& [key, entry] = keyed;
    BuyerRecord& record = buyers[key.buyer];
    const bool is_closed =
        entry.lease < oldest_open || std::ranges::find(closed, entry.lease) != closed.end();
    if (!entry.unit && is_closed) {
      entry.tell_all(completions, unavailable(seconds{1}));
      record.remove_if([&](const Intent& intent) { return intent.key_hash == key.key_hash; });
      return true;
    }
    if (entry.waiting.empty() || entry.may_be_old) return false;
    // It was no order when these requests came, so their buyers cannot have been told yes. The
    // request that began it waits for the queue's word.
    const SaleId sale = sale_of(record, key.key_hash);
    entry.tell(completions, undecided(Verdict::kPending, sale, entry.lease),
               [&, sent = entry.unit.has_value()](const Waiting& request) {
                 return request.since < asked && !(sent && request.before_any_yes);
               });
    return false;
  });
}

void BuyerStripe::doubt_outcomes() {
  for (auto& [buyer, record] : buyers) record.doubt_outcomes();
}

void BuyerStripe::forget_doubted() {
  for (auto& [buyer, record] : buyers) {
    record.remove_if([&, id = buyer](const Intent& intent) {
      if (!intent.doubted()) return false;
      holds.erase({id, intent.key_hash});
      return true;
    });
  }
}

void BuyerStripe::expire_waits(Tick now, milliseconds wait, CompletionBatch& completions) {
  for (auto& [key, entry] : pending) {
    if (entry.waiting.empty() || now - entry.since < wait) continue;
    const SaleId sale = sale_of(buyers[key.buyer], key.key_hash);
    for (const bool before_any_yes : {true, false}) {
      const auto verdict = before_any_yes ? Verdict::kPending : Verdict::kUnavailable;
      entry.tell(completions, undecided(verdict, sale, entry.lease), [&](const Waiting& request) {
        return request.before_any_yes == before_any_yes && now - request.since >= wait;
      });
    }
  }
}

/// An attempt is kept for a second interval: the clock of a request that is still to be decided may
/// have been read long ago, by a process that stood still since.
void BuyerStripe::sweep(Now now, milliseconds interval) {
  oldest_clock = now.tick - interval;
  const auto is_over = [&](const Intent& intent) {
    if (intent.intent_state() == IntentState::kPending) return false;
    const CatalogSale* found = sales->find(intent.sale_id());
    if (found == nullptr || !found->forgotten(now.wall)) return false;
    found->units->note_keys_forgotten();
    return true;
  };
  boost::unordered::erase_if(buyers, [&](auto& entry) {
    BuyerRecord& record = entry.second;
    const auto gone = [&](const Intent& intent) {
      if (!is_over(intent)) return false;
      if (!holds.empty()) holds.erase({entry.first, intent.key_hash});
      return true;
    };
    if (record.since_attempt(now.tick) >= 2 * interval) record.forget_attempt();
    record.remove_if(gone);
    return !record.attempted() && !record.has_intents();
  });
  const std::size_t places = buyers.bucket_count();
  if (places > kSmallTable && buyers.size() < places / kSparse) buyers.rehash(0);
}

}  // namespace stampede::services::purchase
