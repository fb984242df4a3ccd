#include "services/purchase/checkout.h"

#include <algorithm>
#include <limits>
#include <mutex>
#include <stdexcept>
#include <string>

#include "concurrency/striped.h"
#include "services/admission/early_attempts.h"
#include "services/admission/token_bucket.h"
#include "services/purchase/buyer_book.h"
#include "services/purchase/live_sale.h"
#include "services/purchase/mail.h"

namespace stampede::services::purchase {
namespace {

using std::chrono::milliseconds;

/// Intents are kept this long after the end of their sale, so that a late retry finds its answer.
constexpr std::chrono::hours kIntentsKept{24};
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

/// A purchase that is queued and not settled, and who waits for it.
struct Pending {
  LeaseId lease;
  Tick since;
  Waiters waiters;
};

/// Everything known of a share of the buyers. The sales stand in every stripe, so that an attempt
/// reads them under the lock it holds anyway.
struct Stripe {
  std::shared_ptr<const SaleBook> sales = std::make_shared<SaleBook>();
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

Answer answer_of(const Order& order) {
  if (order.live()) return {.verdict = Verdict::kSold, .order = order.number, .sale = order.sale};
  return {.verdict = Verdict::kPurchaseFailed, .reason = order.reason, .sale = order.sale};
}

}  // namespace

class Checkout::Implementation {
 public:
  Implementation(const Rules& rules, const Parts& parts)
      : rules_(rules), parts_(parts), bucket_(rules.check_rate, rules.check_burst) {}

  std::optional<Answer> attempt(const Attempt& attempt, const MakeWaiter& wait) {
    return stripes_.with(attempt.buyer.value,
                         [&](Stripe& stripe) { return decide(stripe, attempt, wait); });
  }

  void settle(std::span<const Order> orders);
  void load_sales(std::span<const Sale> sales);
  std::shared_ptr<const SaleBook> sales() const {
    const std::lock_guard lock(sales_mutex_);
    return sales_;
  }
  void expire_waits(Tick now);
  void sweep(Now now);
  Statistics statistics();

 private:
  std::optional<Answer> decide(Stripe& stripe, const Attempt& attempt, const MakeWaiter& wait);
  std::optional<Answer> answer_known(Stripe& stripe, const Attempt& attempt, const Intent& intent,
                                     const MakeWaiter& wait);
  std::optional<Answer> refuse(const LiveSale& live, const BuyerRecord* record,
                               const Attempt& attempt);
  std::optional<Answer> refuse_by_record(const Sale& sale, const BuyerRecord& record,
                                         const Attempt& attempt) const;
  std::optional<Answer> buy(Stripe& stripe, const LiveSale& live, const Attempt& attempt,
                            const MakeWaiter& wait);
  Answer not_started(const Sale& sale, const Attempt& attempt);
  /// Signed: another thread may have read its clock later and locked the stripe first.
  milliseconds since_attempt(const BuyerRecord& record, Tick now) const {
    return milliseconds{std::max(0, static_cast<std::int32_t>(stamp(now) - record.last_attempt))};
  }
  std::uint32_t stamp(Tick now) const {
    return static_cast<std::uint32_t>(
        std::chrono::duration_cast<milliseconds>(now - began_).count() + 1);
  }

  const Rules rules_;
  const Parts parts_;
  const Tick began_ = read_clocks().tick;  // what BuyerRecord::last_attempt counts from
  admission::TokenBucket bucket_;
  admission::EarlyAttempts early_attempts_;
  concurrency::Striped<Stripe, 256> stripes_;
  mutable std::mutex sales_mutex_;
  std::shared_ptr<const SaleBook> sales_ = std::make_shared<SaleBook>();  // guarded by sales_mutex_
};

/// The steps 2 to 4 of DESIGN section 1, under the lock of the buyer's stripe.
std::optional<Answer> Checkout::Implementation::decide(Stripe& stripe, const Attempt& attempt,
                                                       const MakeWaiter& wait) {
  const auto found = stripe.buyers.find(attempt.buyer);
  BuyerRecord* record = found == stripe.buyers.end() ? nullptr : &found->second;
  if (record != nullptr) {
    if (const Intent* intent = record->find(hash_of(attempt.intent))) {
      return answer_known(stripe, attempt, *intent, wait);
    }
  }
  const LiveSale* live = stripe.sales->current(attempt.product, attempt.now.wall);
  if (live == nullptr) return Answer{.verdict = Verdict::kUnknownProduct};
  if (auto refusal = refuse(*live, record, attempt)) return refusal;
  return buy(stripe, *live, attempt, wait);
}

std::optional<Answer> Checkout::Implementation::answer_known(Stripe& stripe, const Attempt& attempt,
                                                             const Intent& intent,
                                                             const MakeWaiter& wait) {
  const LiveSale* live = stripe.sales->find(intent.sale_id());
  if (live != nullptr && live->sale.product != attempt.product) {
    return Answer{.verdict = Verdict::kKeyReused};
  }
  switch (intent.intent_state()) {
    case IntentState::kSold:
      return Answer{.verdict = Verdict::kSoldAlready,
                    .order = OrderNumber{static_cast<std::int64_t>(intent.number)},
                    .sale = intent.sale_id()};
    case IntentState::kPending: {
      Pending& pending = stripe.pending.at({attempt.buyer, intent.key_hash});
      if (attempt.now.tick - pending.since >= rules_.wait) {
        return Answer{
            .verdict = Verdict::kPending, .sale = intent.sale_id(), .lease = pending.lease};
      }
      pending.waiters.push_back(wait());
      return std::nullopt;
    }
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
  if (!sale.started(attempt.now.wall)) return not_started(sale, attempt);
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
    if (intent.intent_state() == IntentState::kSold) {
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
                                                    const Attempt& attempt,
                                                    const MakeWaiter& wait) {
  auto unit = live.shelf->units.take(attempt.now.tick);
  if (!unit) return unavailable(jittered(kSoon, attempt));
  const LeaseId lease = unit->lease();
  if (!parts_.queue.publish(Purchase{.sale = live.sale.id,
                                     .buyer = attempt.buyer,
                                     .intent = attempt.intent,
                                     .lease = lease,
                                     .created_at = attempt.now.wall})) {
    return unavailable(jittered(kLater, attempt));
  }
  std::move(*unit).commit();

  const std::uint64_t key_hash = hash_of(attempt.intent);
  BuyerRecord& record = stripe.buyers[attempt.buyer];
  record.add(key_hash, live.sale.id);
  record.last_attempt = rules_.interval.count() > 0 ? stamp(attempt.now.tick) : 0;
  Pending& pending = stripe.pending[{attempt.buyer, key_hash}];
  pending.lease = lease;
  pending.since = attempt.now.tick;
  pending.waiters.push_back(wait());
  return std::nullopt;
}

void Checkout::Implementation::settle(std::span<const Order> orders) {
  Mail mail;
  for (const Order& order : orders) {
    const std::uint64_t key_hash = hash_of(order.intent);
    stripes_.with(order.buyer.value, [&](Stripe& stripe) {
      BuyerRecord& record = stripe.buyers[order.buyer];
      Intent* intent = record.find(key_hash);
      if (intent == nullptr) intent = &record.add(key_hash, order.sale);
      intent->state = static_cast<std::uint8_t>(state_of(order));
      intent->number = static_cast<std::uint64_t>(order.number.value) & ((1ULL << 56) - 1);
      const auto pending = stripe.pending.find({order.buyer, key_hash});
      if (pending == stripe.pending.end()) return;
      mail.add(std::move(pending->second.waiters), answer_of(order));
      stripe.pending.erase(pending);
    });
  }
  std::move(mail).send();
}

void Checkout::Implementation::load_sales(std::span<const Sale> sales) {
  for (const Sale& sale : sales) {
    if (sale.id.value <= 0 || sale.id.value > std::numeric_limits<std::uint32_t>::max()) {
      throw std::out_of_range("sale id " + std::to_string(sale.id.value) + " is not 1 to 2^32-1");
    }
  }
  const auto drained = [queue = &parts_.queue](LeaseId lease) {
    queue->publish(queue::CloseMarker{lease});
  };
  std::shared_ptr<const SaleBook> book;
  {
    const std::lock_guard lock(sales_mutex_);
    book = std::make_shared<const SaleBook>(sales, *sales_, drained);
    sales_ = book;
  }
  for (std::size_t i = 0; i < stripes_.size(); ++i) {
    stripes_.with_stripe(i, [&](Stripe& stripe) { stripe.sales = book; });
  }
}

void Checkout::Implementation::expire_waits(Tick now) {
  Mail mail;
  for (std::size_t i = 0; i < stripes_.size(); ++i) {
    stripes_.with_stripe(i, [&](Stripe& stripe) {
      for (auto& [key, pending] : stripe.pending) {
        if (pending.waiters.empty() || now - pending.since < rules_.wait) continue;
        const Intent* intent = stripe.buyers[key.buyer].find(key.key_hash);
        mail.add(std::exchange(pending.waiters, {}),
                 {.verdict = Verdict::kPending, .sale = intent->sale_id(), .lease = pending.lease});
      }
    });
  }
  std::move(mail).send();
}

void Checkout::Implementation::sweep(Now now) {
  for (std::size_t i = 0; i < stripes_.size(); ++i) {
    stripes_.with_stripe(i, [&](Stripe& stripe) {
      const auto gone = [&](const Intent& intent) {
        if (intent.intent_state() == IntentState::kPending) return false;
        const LiveSale* live = stripe.sales->find(intent.sale_id());
        return live != nullptr && live->sale.ended(now.wall - kIntentsKept);
      };
      boost::unordered::erase_if(stripe.buyers, [&](auto& entry) {
        BuyerRecord& record = entry.second;
        if (since_attempt(record, now.tick) >= rules_.interval) record.last_attempt = 0;
        record.remove_if(gone);
        return record.last_attempt == 0 && !record.has_intents();
      });
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

void Checkout::load_sales(std::span<const Sale> sales) { implementation_->load_sales(sales); }

void Checkout::close_ended(Instant now) {
  const auto book = implementation_->sales();
  for (const LiveSale& live : book->all()) {
    if (live.sale.ended(now)) live.shelf->units.fence();
  }
}

bool Checkout::can_sell(SaleId sale, Instant now) const {
  const auto book = implementation_->sales();
  const LiveSale* live = book->find(sale);
  return live != nullptr && !live->sale.ended(now);
}

bool Checkout::add_lease(SaleId sale, LeaseId lease, std::int64_t units, Instant now) {
  if (!can_sell(sale, now)) return false;
  implementation_->sales()->find(sale)->shelf->units.add(lease, units);
  return true;
}

void Checkout::note_stock(SaleId sale, bool sold_out, Tick asked) {
  const auto book = implementation_->sales();
  if (const LiveSale* live = book->find(sale)) live->shelf->note_sold_out(sold_out, asked);
}

void Checkout::stop_selling() {
  const auto book = implementation_->sales();
  for (const LiveSale& live : book->all()) live.shelf->units.fence();
}

std::optional<SaleView> Checkout::view(ProductId product, Now now) const {
  const auto book = implementation_->sales();
  const LiveSale* live = book->current(product, now.wall);
  if (live == nullptr) return std::nullopt;
  return SaleView{live->sale, live->status(now)};
}

std::vector<SaleView> Checkout::views(Now now) const {
  const auto book = implementation_->sales();
  std::vector<SaleView> views;
  for (const ProductId product : book->products()) {
    const LiveSale* live = book->current(product, now.wall);
    views.push_back({live->sale, live->status(now)});
  }
  return views;
}

void Checkout::expire_waits(Tick now) { implementation_->expire_waits(now); }

void Checkout::sweep(Now now) { implementation_->sweep(now); }

Checkout::Statistics Checkout::statistics() const { return implementation_->statistics(); }

}  // namespace stampede::services::purchase
