#pragma once

#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

#include "model/ids.h"
#include "model/orders/order.h"
#include "model/time.h"

namespace stampede {

/// Every answer the rules of a purchase can give. Controllers alone turn it into HTTP.
enum class Verdict {
  kSold,         // yes: the order is committed
  kSoldAlready,  // yes again: this intent's order was committed before
  kHeld,         // yes: the order is committed, and to be paid by Answer::pay_by
  kHeldAlready,  // yes again, of an order that is not paid yet
  kPending,      // the outcome is not known yet and will be
  kKeyReused,    // this key belongs to an intent for another product
  kBlacklisted,
  kNotStarted,
  kSaleEnded,
  kSoldOut,
  kLimitReached,
  kTooSoon,
  kCaptchaRequired,
  kBusy,  // the token bucket is empty
  kUnknownProduct,
  kPurchaseFailed,  // this intent was queued and failed: begin with a new key
  kKeyForgotten,    // the sale has long been over: what became of its keys is not kept here
  kUnavailable,     // this request took nothing; ask again with the same key
};
inline constexpr std::size_t kVerdictCount = 18;

/// The stable slug of a verdict: `result` of a yes, `type` of a problem, and the metrics' label.
constexpr std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::kSold:
      return "sold";
    case Verdict::kSoldAlready:
      return "sold";
    case Verdict::kHeld:
      return "held";
    case Verdict::kHeldAlready:
      return "held";
    case Verdict::kPending:
      return "pending";
    case Verdict::kKeyReused:
      return "key-reused";
    case Verdict::kBlacklisted:
      return "blacklisted";
    case Verdict::kNotStarted:
      return "not-started";
    case Verdict::kSaleEnded:
      return "sale-ended";
    case Verdict::kSoldOut:
      return "sold-out";
    case Verdict::kLimitReached:
      return "limit-reached";
    case Verdict::kTooSoon:
      return "too-soon";
    case Verdict::kCaptchaRequired:
      return "captcha-required";
    case Verdict::kBusy:
      return "busy";
    case Verdict::kUnknownProduct:
      return "unknown-product";
    case Verdict::kPurchaseFailed:
      return "purchase-failed";
    case Verdict::kKeyForgotten:
      return "key-forgotten";
    case Verdict::kUnavailable:
      return "unavailable";
  }
  return "";
}

/// A verdict and what the buyer is told beside it.
struct Answer {
  Verdict verdict = Verdict::kUnavailable;
  OrderNumber order;                            // kSold, kHeld, and again
  Instant pay_by;                               // kHeld, kHeldAlready
  FailureReason reason = FailureReason::kNone;  // kPurchaseFailed
  SaleId sale;                                  // kPending
  LeaseId lease;                                // kPending
  Instant starts_at;                            // kNotStarted
  std::chrono::milliseconds retry_after{0};     // kTooSoon, kBusy, kUnavailable
  std::vector<OrderNumber> held;                // kLimitReached: active orders
  std::vector<OrderNumber> expired;             // kLimitReached: not paid in time, and counted too
};

}  // namespace stampede
