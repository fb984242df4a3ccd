#pragma once

#include <chrono>
#include <optional>

#include "captcha/captcha.h"
#include "model/catalog/sale.h"
#include "services/admission/blacklist.h"
#include "services/admission/early_attempts.h"
#include "services/admission/fair_bucket.h"
#include "services/purchase/attempt.h"
#include "services/purchase/buyer_record.h"
#include "services/purchase/catalog_snapshot.h"

namespace stampede::services::purchase {

/// Step 3 of `/check` (docs/design.md#steps): the reasons why a buyer may not try now. Charges
/// nothing but the bucket, which is asked last. Thread-safe but for the buyer's record, which the
/// caller guards.
class Refusals {
 public:
  struct Limits {
    double check_rate;                   // tokens per second; 0: no bucket
    double check_burst;                  // bucket size
    std::chrono::milliseconds interval;  // one attempt per buyer in this time; 0: none
    int ipv6_prefix;                     // of the networks that share the bucket
  };
  /// A sale is over in seconds: a buyer who is told to wait for longer has lost it to those who do
  /// not wait.
  static constexpr std::chrono::seconds kLongestBusy{3};

  /// The references outlive this.
  Refusals(const Limits& limits, const captcha::Tokens& captcha, admission::Blacklist& blacklist)
      : interval_(limits.interval),
        captcha_(captcha),
        blacklist_(blacklist),
        bucket_({.rate = limits.check_rate,
                 .burst = limits.check_burst,
                 .ipv6_prefix = limits.ipv6_prefix,
                 .longest_wait = kLongestBusy}) {}

  /// None: the attempt may take a unit. `record`: of the buyer; null: nothing is known.
  std::optional<Answer> refuse(const CatalogSale& entry, const BuyerRecord* record,
                               const Attempt& attempt);

  /// Forgets buyers who have not tried before a start within the last minute.
  void sweep(Tick now) { early_attempts_.sweep(now); }

 private:
  std::optional<Answer> refuse_by_record(const Sale& sale, const BuyerRecord& record,
                                         const Attempt& attempt) const;
  Answer not_started(const Sale& sale, const Attempt& attempt);

  const std::chrono::milliseconds interval_;
  const captcha::Tokens& captcha_;
  admission::Blacklist& blacklist_;
  admission::FairBucket bucket_;
  admission::EarlyAttempts early_attempts_;
};

}  // namespace stampede::services::purchase
