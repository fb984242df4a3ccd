#include "services/purchase/checkout.h"

#include <algorithm>
#include <atomic>
#include <boost/container/small_vector.hpp>
#include <mutex>

#include "concurrency/striped.h"
#include "services/admission/early_attempts.h"
#include "services/admission/token_bucket.h"
#include "services/purchase/buyer_book.h"
#include "services/purchase/completion_batch.h"
#include "services/purchase/live_sale.h"

namespace stampede::services::purchase {
namespace {

using std::chrono::milliseconds;

/// A table of buyers that is emptier than one in so many places gives its memory back.
constexpr std::size_t kSparse = 8;
constexpr std::size_t kSmallTable = 1'024;  // places; not worth the copying
/// Retry-After counts in whole seconds; a refused crowd is spread over so many of them.
constexpr int kSoon =
    2;  // the units in memory are taken but not settled yet: it will not take long
constexpr int kLater = 3;  // more came than is taken in at once

/// Names one pending intent.
struct PendingKey {
  UserId buyer;
  std::uint64_t key_hash = 0;

  friend bool operator==(const PendingKey&, const PendingKey&) = default;
  friend std::size_t hash_value(const PendingKey& key) {
    return static_cast<std::size_t>(key.key_hash ^ static_cast<std::uint64_t>(key.buyer.value));
  }
};

/// A request that waits for the outcome of its purchase.
struct Waiting {
  Waiter waiter;
  Tick since;
  /// Nobody can have been told yes of its key before it came. After a yes "pending" would be
  /// untrue: who may have had one waits until it is known what had become of the key.
  bool before_any_yes = false;
};

/// A purchase that is on its way and not settled, and who waits for it: most often one.
struct Pending {
  LeaseId lease;
  Tick since;
  boost::container::small_vector<Waiting, 1> waiting;
  std::optional<stock::Reservation> unit;  // until the queue has told what became of it
  bool told = false;                       // somebody was told "pending", and looks at the lease

  /// Answers those that `which` chooses; they wait no longer.
  template <class Which>
  void tell(CompletionBatch& completions, const Answer& answer, Which&& which) {
    auto stays = waiting.begin();
    for (Waiting& request : waiting) {
      if (which(request)) {
        completions.add(std::move(request.waiter), answer);
        told = told || answer.verdict == Verdict::kPending;
      } else {
        if (&*stays != &request) *stays = std::move(request);
        ++stays;
      }
    }
    waiting.erase(stays, waiting.end());
  }
  void tell_all(CompletionBatch& completions, const Answer& answer) {
    for (Waiting& request : waiting) completions.add(std::move(request.waiter), answer);
    waiting.clear();
  }
};

/// Everything known of a share of the buyers. The sales stand in every stripe, so that an attempt
/// reads them under the lock it holds anyway.
struct Stripe {
  std::shared_ptr<const SaleBook> sales = std::make_shared<SaleBook>();
  std::shared_ptr<const routing::Ownership> ownership = std::make_shared<routing::Ownership>();
  BuyerBook buyers;
  boost::unordered_flat_map<PendingKey, Pending> pending;
};

/// One to `most` seconds, so that a refused crowd does not return as one.
milliseconds jittered(int most, const Attempt& attempt) {
  const auto mixed = (static_cast<std::uint64_t>(attempt.now.tick.time_since_epoch().count()) ^
                      static_cast<std::uint64_t>(attempt.buyer.value)) *
                     0x9E3779B97F4A7C15ULL;
  return std::chrono::seconds{1 + static_cast<std::int64_t>(mixed >> 32) % most};
}

Answer unavailable(milliseconds retry_after) {
  return {.verdict = Verdict::kUnavailable, .retry_after = retry_after};
}

/// Of a purchase whose outcome is not known here.
Answer undecided(Verdict verdict, SaleId sale, LeaseId lease) {
  return {.verdict = verdict,
          .sale = sale,
          .lease = lease,
          .retry_after = std::chrono::seconds{verdict == Verdict::kUnavailable ? 1 : 0}};
}

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

Answer answer_of(const Order& order) {
  if (order.live()) return {.verdict = Verdict::kSold, .order = order.number, .sale = order.sale};
  return {.verdict = Verdict::kPurchaseFailed, .reason = order.reason, .sale = order.sale};
}

}  // namespace

class Checkout::Implementation {
 public:
  Implementation(const Rules& rules, const Parts& parts)
      : rules_(rules),
        parts_(parts),
        bucket_(rules.check_rate, rules.check_burst),
        stripes_(rules.stripes),
        board_([this](SaleId sale) { return listener_of(sale); }) {}

  std::optional<Answer> attempt(const Attempt& attempt, const MakeWaiter& wait) {
    return stripes_.with(attempt.buyer.value,
                         [&](Stripe& stripe) { return decide(stripe, attempt, wait); });
  }

  void settle(std::span<const Order> orders);
  void note_queued(std::span<const Purchase> purchases);
  void note_refused(std::span<const Purchase> purchases);
  std::vector<LeaseId> undecided_since(Tick before);
  void note_orders_known(Tick asked, LeaseId oldest_open);
  void load_ownership(const std::shared_ptr<const routing::Ownership>& ownership);
  void doubt_outcomes();
  void forget_doubted();
  void doubt_from(Tick tick) { doubt_from_.store(tick, std::memory_order_relaxed); }
  void load_sales(std::span<const Sale> sales);
  SaleBoard& board() { return board_; }
  void expire_waits(Tick now);
  void sweep(Now now);
  Statistics statistics();

 private:
  stock::Stock::Listener listener_of(SaleId sale) const;
  std::optional<Answer> decide(Stripe& stripe, const Attempt& attempt, const MakeWaiter& wait);
  std::optional<Answer> decide_new(Stripe& stripe, const BuyerRecord* record,
                                   const Attempt& attempt, bool sure, const MakeWaiter& wait);
  std::optional<Answer> answer_known(Stripe& stripe, const Attempt& attempt, const Intent& intent,
                                     const MakeWaiter& wait);
  std::optional<Answer> refuse(const LiveSale& live, const BuyerRecord* record,
                               const Attempt& attempt);
  std::optional<Answer> refuse_by_record(const Sale& sale, const BuyerRecord& record,
                                         const Attempt& attempt) const;
  std::optional<Answer> buy(Stripe& stripe, const LiveSale& live, const Attempt& attempt, bool sure,
                            const MakeWaiter& wait);
  Answer not_started(const Sale& sale, const Attempt& attempt);
  /// Signed: another thread may have read its clock later and locked the stripe first.
  static milliseconds since_attempt(const BuyerRecord& record, Tick now) {
    return milliseconds{std::max(0, static_cast<std::int32_t>(stamp(now) - record.last_attempt))};
  }
  static std::uint32_t stamp(Tick now) {
    const auto since = std::chrono::duration_cast<milliseconds>(now.time_since_epoch());
    return std::max(1U, static_cast<std::uint32_t>(since.count()));
  }

  const Rules rules_;
  const Parts parts_;
  std::atomic<Tick> doubt_from_{Tick::max()};
  admission::TokenBucket bucket_;
  admission::EarlyAttempts early_attempts_;
  concurrency::Striped<Stripe, 256> stripes_;
  SaleBoard board_;
};

stock::Stock::Listener Checkout::Implementation::listener_of(SaleId sale) const {
  stock::Stock::Listener listener;
  listener.drained = [&queue = parts_.queue](LeaseId lease) {
    queue.publish(queue::CloseMarker{lease});
  };
  if (parts_.low_stock) listener.low = [this, sale] { parts_.low_stock(sale); };
  return listener;
}

/// The steps 2 to 4 of docs/design.md#steps, under the lock of the buyer's stripe.
std::optional<Answer> Checkout::Implementation::decide(Stripe& stripe, const Attempt& attempt,
                                                       const MakeWaiter& wait) {
  if (!stripe.ownership->owns(attempt.buyer)) return unavailable(jittered(kSoon, attempt));
  const auto found = stripe.buyers.find(attempt.buyer);
  BuyerRecord* record = found == stripe.buyers.end() ? nullptr : &found->second;
  if (record != nullptr) {
    if (const Intent* intent = record->find(hash_of(attempt.intent))) {
      return answer_known(stripe, attempt, *intent, wait);
    }
  }
  if (attempt.clock == Attempt::Clock::kJumped ||
      !stripe.ownership->alone(attempt.buyer, attempt.now.tick)) {
    return unavailable(jittered(kSoon, attempt));
  }
  // Otherwise another owner may have this intent under way, or have bought with it.
  const bool sure = stripe.ownership->settled(attempt.buyer) &&
                    attempt.clock == Attempt::Clock::kTrusted &&
                    attempt.now.tick < doubt_from_.load(std::memory_order_relaxed);
  auto answer = decide_new(stripe, record, attempt, sure, wait);
  if (answer && decides(answer->verdict) && !sure) {
    return unavailable(jittered(kSoon, attempt));
  }
  return answer;
}

std::optional<Answer> Checkout::Implementation::decide_new(Stripe& stripe,
                                                           const BuyerRecord* record,
                                                           const Attempt& attempt, bool sure,
                                                           const MakeWaiter& wait) {
  const bool named = static_cast<bool>(attempt.sale);
  const LiveSale* live = named ? stripe.sales->find(attempt.sale)
                               : stripe.sales->current(attempt.product, attempt.now.wall);
  if (live == nullptr || live->sale.product != attempt.product) {
    return Answer{.verdict = Verdict::kUnknownProduct, .sale = attempt.sale};
  }
  // Nobody says which sale this key is for, and a purchase with it may be under way in an earlier
  // one: in this sale it could buy a second time.
  if (!named && live->shelf->earlier_open()) return unavailable(jittered(kSoon, attempt));
  if (auto refusal = refuse(*live, record, attempt)) {
    // A purchase with this key may be in the queue still, and become an order.
    const bool open = refusal->verdict == Verdict::kSaleEnded && named && !live->shelf->concluded();
    return open ? unavailable(jittered(kSoon, attempt)) : std::move(refusal);
  }
  return buy(stripe, *live, attempt, sure, wait);
}

std::optional<Answer> Checkout::Implementation::answer_known(Stripe& stripe, const Attempt& attempt,
                                                             const Intent& intent,
                                                             const MakeWaiter& wait) {
  const LiveSale* live = stripe.sales->find(intent.sale_id());
  if (live != nullptr && live->sale.product != attempt.product) {
    return Answer{.verdict = Verdict::kKeyReused};
  }
  if (intent.doubted()) return unavailable(jittered(kSoon, attempt));
  switch (intent.intent_state()) {
    case IntentState::kSold:
      return Answer{.verdict = Verdict::kSoldAlready,
                    .order = OrderNumber{static_cast<std::int64_t>(intent.number)},
                    .sale = intent.sale_id()};
    case IntentState::kPending:
      // The order may be committed, and its buyer been told so by who reads the database.
      stripe.pending.at({attempt.buyer, intent.key_hash})
          .waiting.push_back({wait(), attempt.now.tick});
      return std::nullopt;
    default:
      return Answer{.verdict = Verdict::kPurchaseFailed,
                    .reason = reason_of(intent.intent_state()),
                    .sale = intent.sale_id()};
  }
}

/// Step 3: whoever may not try now. Charges nothing but the bucket, which is asked last.
std::optional<Answer> Checkout::Implementation::refuse(const LiveSale& live,
                                                       const BuyerRecord* record,
                                                       const Attempt& attempt) {
  const Sale& sale = live.sale;
  if (parts_.blacklist.holds(attempt.buyer, attempt.now.wall)) {
    return Answer{.verdict = Verdict::kBlacklisted};
  }
  if (sale.ended(attempt.now.wall)) return Answer{.verdict = Verdict::kSaleEnded};
  if (!sale.started(attempt.now.wall)) {
    if (attempt.clock != Attempt::Clock::kTrusted) return unavailable(jittered(kSoon, attempt));
    return not_started(sale, attempt);
  }
  if (live.shelf->sold_out(attempt.now.tick)) return Answer{.verdict = Verdict::kSoldOut};
  if (record != nullptr) {
    if (auto refusal = refuse_by_record(sale, *record, attempt)) return refusal;
  }
  if (sale.captcha &&
      !parts_.captcha.pass_valid(attempt.pass, {attempt.buyer, attempt.product, attempt.intent},
                                 attempt.now.wall)) {
    return Answer{.verdict = Verdict::kCaptchaRequired};
  }
  if (!bucket_.take(attempt.now.tick)) {
    return Answer{.verdict = Verdict::kBusy, .retry_after = jittered(kLater, attempt)};
  }
  return std::nullopt;
}

/// The per-buyer limit, then the interval.
std::optional<Answer> Checkout::Implementation::refuse_by_record(const Sale& sale,
                                                                 const BuyerRecord& record,
                                                                 const Attempt& attempt) const {
  std::vector<OrderNumber> held;
  std::int32_t undecided = 0;
  record.for_each([&](const Intent& intent) {
    if (intent.sale_id() != sale.id) return;
    if (intent.doubted()) {
      ++undecided;
    } else if (intent.intent_state() == IntentState::kSold) {
      held.push_back(OrderNumber{static_cast<std::int64_t>(intent.number)});
    } else if (intent.intent_state() == IntentState::kPending) {
      ++undecided;
    }
  });
  const auto sold = static_cast<std::int32_t>(held.size());
  if (sold >= sale.per_buyer_limit) {
    return Answer{.verdict = Verdict::kLimitReached, .held = std::move(held)};
  }
  // While another purchase of this buyer is undecided, so is whether the limit is reached.
  if (sold + undecided >= sale.per_buyer_limit) {
    return Answer{.verdict = Verdict::kTooSoon, .retry_after = jittered(kSoon, attempt)};
  }
  if (record.last_attempt != 0) {
    const milliseconds since = since_attempt(record, attempt.now.tick);
    if (since < rules_.interval) {
      return Answer{.verdict = Verdict::kTooSoon, .retry_after = rules_.interval - since};
    }
  }
  return std::nullopt;
}

Answer Checkout::Implementation::not_started(const Sale& sale, const Attempt& attempt) {
  if (early_attempts_.note(attempt.buyer, attempt.now.tick)) {
    parts_.blacklist.add({.user = attempt.buyer,
                          .reason = "ten attempts within a minute before the start",
                          .expires_at = attempt.now.wall + admission::EarlyAttempts::kPenalty,
                          .created_at = attempt.now.wall});
  }
  return {.verdict = Verdict::kNotStarted, .starts_at = sale.starts_at};
}

/// Step 4. The intent is recorded before the lock is released, so that settle() finds it.
std::optional<Answer> Checkout::Implementation::buy(Stripe& stripe, const LiveSale& live,
                                                    const Attempt& attempt, bool sure,
                                                    const MakeWaiter& wait) {
  auto unit = live.shelf->units.take(attempt.now.tick);
  if (!unit) return unavailable(jittered(kSoon, attempt));
  const LeaseId lease = unit->lease();
  const auto published = parts_.queue.publish(Purchase{.sale = live.sale.id,
                                                       .buyer = attempt.buyer,
                                                       .intent = attempt.intent,
                                                       .lease = lease,
                                                       .created_at = attempt.now.wall});
  if (published == queue::Published::kRefused) return unavailable(jittered(kLater, attempt));

  const std::uint64_t key_hash = hash_of(attempt.intent);
  BuyerRecord& record = stripe.buyers[attempt.buyer];
  record.add(key_hash, live.sale.id);
  record.last_attempt = rules_.interval.count() > 0 ? stamp(attempt.now.tick) : 0;
  Pending& pending = stripe.pending[{attempt.buyer, key_hash}];
  pending.lease = lease;
  pending.since = attempt.now.tick;
  pending.waiting.push_back({wait(), attempt.now.tick, sure});
  if (published == queue::Published::kQueued) {
    std::move(*unit).commit();
  } else {
    pending.unit.emplace(std::move(*unit));
  }
  return std::nullopt;
}

void Checkout::Implementation::settle(std::span<const Order> orders) {
  CompletionBatch completions;
  for (const Order& order : orders) {
    const std::uint64_t key_hash = hash_of(order.intent);
    stripes_.with(order.buyer.value, [&](Stripe& stripe) {
      BuyerRecord& record = stripe.buyers[order.buyer];
      Intent* intent = record.find(key_hash);
      if (intent == nullptr) intent = &record.add(key_hash, order.sale);
      // In another sale of the product this key had been used before: the intent is that one's.
      intent->sale = static_cast<std::uint32_t>(order.sale.value);
      intent->state = static_cast<std::uint8_t>(state_of(order));
      intent->number = static_cast<std::uint64_t>(order.number.value) & ((1ULL << 56) - 1);
      const auto pending = stripe.pending.find({order.buyer, key_hash});
      if (pending == stripe.pending.end()) return;
      pending->second.tell_all(completions, answer_of(order));
      // The order came back before the broker's confirm did.
      if (pending->second.unit) std::move(*pending->second.unit).commit();
      stripe.pending.erase(pending);
    });
  }
  std::move(completions).send();
}

void Checkout::Implementation::note_queued(std::span<const Purchase> purchases) {
  CompletionBatch completions;
  for (const Purchase& purchase : purchases) {
    stripes_.with(purchase.buyer.value, [&](Stripe& stripe) {
      const auto found = stripe.pending.find({purchase.buyer, hash_of(purchase.intent)});
      if (found == stripe.pending.end() || found->second.lease != purchase.lease) return;
      Pending& pending = found->second;
      if (!pending.unit) return;
      std::move(*pending.unit).commit();
      pending.unit.reset();
      pending.tell(completions, undecided(Verdict::kPending, purchase.sale, purchase.lease),
                   [](const Waiting& request) { return request.before_any_yes; });
    });
  }
  std::move(completions).send();
}

void Checkout::Implementation::note_refused(std::span<const Purchase> purchases) {
  CompletionBatch completions;
  std::vector<Purchase> promised;
  for (const Purchase& purchase : purchases) {
    const PendingKey key{purchase.buyer, hash_of(purchase.intent)};
    stripes_.with(purchase.buyer.value, [&](Stripe& stripe) {
      const auto found = stripe.pending.find(key);
      if (found == stripe.pending.end() || found->second.lease != purchase.lease) return;
      Pending& pending = found->second;
      // Who was told "pending" looks at the lease: it is to close, so that they ask again.
      if (pending.told) promised.push_back(purchase);
      pending.tell_all(completions, unavailable(std::chrono::seconds{kLater}));
      BuyerRecord& record = stripe.buyers[purchase.buyer];
      record.remove_if([&](const Intent& intent) { return intent.key_hash == key.key_hash; });
      // A later attempt, with another key, stands.
      if (record.last_attempt == stamp(pending.since)) record.last_attempt = 0;
      stripe.pending.erase(found);
    });
  }
  const auto book = board_.book();
  for (const Purchase& purchase : promised) {
    const LiveSale* live = book->find(purchase.sale);
    if (live == nullptr) continue;
    live->shelf->units.fence_if(
        [&](const stock::Stock::Held& held) { return held.lease == purchase.lease; });
  }
  std::move(completions).send();
}

std::vector<LeaseId> Checkout::Implementation::undecided_since(Tick before) {
  std::vector<LeaseId> leases;
  for (std::size_t i = 0; i < stripes_.size(); ++i) {
    stripes_.with_stripe(i, [&](Stripe& stripe) {
      for (const auto& [key, pending] : stripe.pending) {
        if (pending.since < before) leases.push_back(pending.lease);
      }
    });
  }
  std::ranges::sort(leases);
  const auto rest = std::ranges::unique(leases);
  leases.erase(rest.begin(), rest.end());
  return leases;
}

void Checkout::Implementation::note_orders_known(Tick asked, LeaseId oldest_open) {
  CompletionBatch completions;
  for (std::size_t i = 0; i < stripes_.size(); ++i) {
    stripes_.with_stripe(i, [&](Stripe& stripe) {
      boost::unordered::erase_if(stripe.pending, [&](auto& entry) {
        auto& [key, pending] = entry;
        BuyerRecord& record = stripe.buyers[key.buyer];
        if (!pending.unit && pending.lease < oldest_open) {
          pending.tell_all(completions, unavailable(std::chrono::seconds{1}));
          record.remove_if([&](const Intent& intent) { return intent.key_hash == key.key_hash; });
          return true;
        }
        if (pending.waiting.empty()) return false;
        // It was no order when they came: nobody can have told them so. Who began it waits for the
        // queue's word.
        const SaleId sale = record.find(key.key_hash)->sale_id();
        pending.tell(completions, undecided(Verdict::kPending, sale, pending.lease),
                     [&, sent = pending.unit.has_value()](const Waiting& request) {
                       return request.since < asked && !(sent && request.before_any_yes);
                     });
        return false;
      });
    });
  }
  std::move(completions).send();
}

void Checkout::Implementation::doubt_outcomes() {
  for (std::size_t i = 0; i < stripes_.size(); ++i) {
    stripes_.with_stripe(i, [&](Stripe& stripe) {
      for (auto& [buyer, record] : stripe.buyers) record.doubt_outcomes();
    });
  }
}

void Checkout::Implementation::forget_doubted() {
  for (std::size_t i = 0; i < stripes_.size(); ++i) {
    stripes_.with_stripe(i, [&](Stripe& stripe) {
      for (auto& [buyer, record] : stripe.buyers) {
        record.remove_if([](const Intent& intent) { return intent.doubted(); });
      }
    });
  }
}

void Checkout::Implementation::load_ownership(
    const std::shared_ptr<const routing::Ownership>& ownership) {
  for (std::size_t i = 0; i < stripes_.size(); ++i) {
    stripes_.with_stripe(i, [&](Stripe& stripe) { stripe.ownership = ownership; });
  }
}

void Checkout::Implementation::load_sales(std::span<const Sale> sales) {
  const auto book = board_.load(sales);
  for (std::size_t i = 0; i < stripes_.size(); ++i) {
    stripes_.with_stripe(i, [&](Stripe& stripe) { stripe.sales = book; });
  }
}

void Checkout::Implementation::expire_waits(Tick now) {
  CompletionBatch completions;
  for (std::size_t i = 0; i < stripes_.size(); ++i) {
    stripes_.with_stripe(i, [&](Stripe& stripe) {
      for (auto& [key, pending] : stripe.pending) {
        if (pending.waiting.empty() || now - pending.since < rules_.wait) continue;
        const SaleId sale = stripe.buyers[key.buyer].find(key.key_hash)->sale_id();
        for (const bool before_any_yes : {true, false}) {
          const auto verdict = before_any_yes ? Verdict::kPending : Verdict::kUnavailable;
          pending.tell(completions, undecided(verdict, sale, pending.lease),
                       [&](const Waiting& request) {
                         return request.before_any_yes == before_any_yes &&
                                now - request.since >= rules_.wait;
                       });
        }
      }
    });
  }
  std::move(completions).send();
}

void Checkout::Implementation::sweep(Now now) {
  for (std::size_t i = 0; i < stripes_.size(); ++i) {
    stripes_.with_stripe(i, [&](Stripe& stripe) {
      const auto gone = [&](const Intent& intent) {
        if (intent.intent_state() == IntentState::kPending) return false;
        const LiveSale* live = stripe.sales->find(intent.sale_id());
        return live != nullptr && live->forgotten(now.wall);
      };
      boost::unordered::erase_if(stripe.buyers, [&](auto& entry) {
        BuyerRecord& record = entry.second;
        if (since_attempt(record, now.tick) >= rules_.interval) record.last_attempt = 0;
        record.remove_if(gone);
        return record.last_attempt == 0 && !record.has_intents();
      });
      const std::size_t places = stripe.buyers.bucket_count();
      if (places > kSmallTable && stripe.buyers.size() < places / kSparse) stripe.buyers.rehash(0);
    });
  }
  early_attempts_.sweep(now.tick);
}

Checkout::Statistics Checkout::Implementation::statistics() {
  Statistics sum;
  for (std::size_t i = 0; i < stripes_.size(); ++i) {
    stripes_.with_stripe(i, [&](Stripe& stripe) {
      sum.known_buyers += stripe.buyers.size();
      sum.waiting += stripe.pending.size();
    });
  }
  return sum;
}

Checkout::Checkout(const Rules& rules, const Parts& parts)
    : implementation_(std::make_unique<Implementation>(rules, parts)) {}

Checkout::~Checkout() = default;

std::optional<Answer> Checkout::attempt(const Attempt& attempt, const MakeWaiter& wait) {
  return implementation_->attempt(attempt, wait);
}

void Checkout::settle(std::span<const Order> orders) { implementation_->settle(orders); }

void Checkout::note_queued(std::span<const Purchase> purchases) {
  implementation_->note_queued(purchases);
}

void Checkout::note_refused(std::span<const Purchase> purchases) {
  implementation_->note_refused(purchases);
}

std::vector<LeaseId> Checkout::undecided_since(Tick before) {
  return implementation_->undecided_since(before);
}

void Checkout::note_orders_known(Tick asked, LeaseId oldest_open) {
  implementation_->note_orders_known(asked, oldest_open);
}

void Checkout::doubt_outcomes() { implementation_->doubt_outcomes(); }

void Checkout::forget_doubted() { implementation_->forget_doubted(); }

void Checkout::load_ownership(std::shared_ptr<const routing::Ownership> ownership) {
  implementation_->load_ownership(ownership);
}

void Checkout::doubt_from(Tick tick) { implementation_->doubt_from(tick); }

void Checkout::load_sales(std::span<const Sale> sales) { implementation_->load_sales(sales); }

SaleBoard& Checkout::board() { return implementation_->board(); }

void Checkout::close_ended(Instant now) {
  const auto book = board().book();
  for (const LiveSale& live : book->all()) {
    if (live.sale.ended(now)) live.shelf->units.fence();
  }
}

bool Checkout::add_lease(SaleId sale, LeaseId lease, std::int64_t units, Now now,
                         std::optional<Tick> deadline) {
  const auto book = board().book();
  const LiveSale* live = book->find(sale);
  if (live == nullptr || live->sale.ended(now.wall)) return false;
  live->shelf->units.add(lease, units, deadline, now.tick);
  return true;
}

void Checkout::stop_selling() {
  const auto book = board().book();
  for (const LiveSale& live : book->all()) live.shelf->units.fence();
}

void Checkout::expire_waits(Tick now) { implementation_->expire_waits(now); }

void Checkout::sweep(Now now) { implementation_->sweep(now); }

Checkout::Statistics Checkout::statistics() const { return implementation_->statistics(); }

}  // namespace stampede::services::purchase
