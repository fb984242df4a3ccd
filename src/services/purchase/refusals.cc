#include "services/purchase/refusals.h"

#include <utility>
#include <vector>

namespace stampede::services::purchase {

std::optional<Answer> Refusals::refuse(const CatalogSale& entry, const BuyerRecord* record,
                                       const Attempt& attempt) {
  const Sale& sale = entry.sale;
  if (blacklist_.holds(attempt.buyer, attempt.now.wall)) {
    return Answer{.verdict = Verdict::kBlacklisted};
  }
  if (sale.ended(attempt.now.wall)) return Answer{.verdict = Verdict::kSaleEnded};
  if (!sale.started(attempt.now.wall)) {
    if (attempt.clock != Attempt::Clock::kTrusted) return unavailable(attempt);
    return not_started(sale, attempt);
  }
  if (entry.units->sold_out(attempt.now.tick)) return Answer{.verdict = Verdict::kSoldOut};
  if (record != nullptr) {
    if (auto refusal = refuse_by_record(sale, *record, attempt)) return refusal;
  }
  if (sale.captcha &&
      !captcha_.pass_valid(attempt.pass, {attempt.buyer, attempt.product, attempt.intent},
                           attempt.now.wall)) {
    return Answer{.verdict = Verdict::kCaptchaRequired};
  }
  if (const auto wait = bucket_.refuse(attempt.client, attempt.now.tick)) {
    return Answer{.verdict = Verdict::kBusy,
                  .retry_after = *wait + jittered(kSoonSeconds, attempt)};
  }
  return std::nullopt;
}

/// The per-buyer limit, as the consumer counts it (Order::counts()), then the interval.
std::optional<Answer> Refusals::refuse_by_record(const Sale& sale, const BuyerRecord& record,
                                                 const Attempt& attempt) const {
  std::vector<OrderNumber> held;
  std::vector<OrderNumber> expired;
  std::int32_t undecided = 0;
  record.for_each([&](const Intent& intent) {
    if (intent.sale_id() != sale.id) return;
    const OrderNumber number{static_cast<std::int64_t>(intent.number)};
    if (intent.doubted()) {
      ++undecided;
    } else if (intent.sold()) {
      held.push_back(number);
    } else if (intent.intent_state() == IntentState::kExpired) {
      expired.push_back(number);
    } else if (intent.intent_state() == IntentState::kPending) {
      ++undecided;
    }
  });
  const auto counted = static_cast<std::int32_t>(held.size() + expired.size());
  if (counted >= sale.per_buyer_limit) {
    return Answer{
        .verdict = Verdict::kLimitReached, .held = std::move(held), .expired = std::move(expired)};
  }
  // While another purchase of this buyer is undecided, so is whether the limit is reached.
  if (counted + undecided >= sale.per_buyer_limit) {
    return Answer{.verdict = Verdict::kTooSoon, .retry_after = jittered(kSoonSeconds, attempt)};
  }
  if (record.attempted()) {
    const auto since = record.since_attempt(attempt.now.tick);
    if (since < interval_) {
      return Answer{.verdict = Verdict::kTooSoon, .retry_after = interval_ - since};
    }
  }
  return std::nullopt;
}

Answer Refusals::not_started(const Sale& sale, const Attempt& attempt) {
  if (early_attempts_.note(attempt.buyer, attempt.now.tick)) {
    blacklist_.add({.user = attempt.buyer,
                    .reason = "ten attempts within a minute before the start",
                    .expires_at = attempt.now.wall + admission::EarlyAttempts::kPenalty,
                    .created_at = attempt.now.wall});
  }
  return {.verdict = Verdict::kNotStarted, .starts_at = sale.starts_at};
}

}  // namespace stampede::services::purchase
