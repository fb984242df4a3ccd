#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "model/ids.h"
#include "model/time.h"

namespace stampede {

/// What a buyer is told of a sale.
enum class SaleStatus { kUpcoming, kOn, kSoldOut, kEnded };

constexpr std::string_view to_string(SaleStatus status) {
  switch (status) {
    case SaleStatus::kUpcoming:
      return "upcoming";
    case SaleStatus::kOn:
      return "on";
    case SaleStatus::kSoldOut:
      return "sold_out";
    case SaleStatus::kEnded:
      return "ended";
  }
  return "";
}

struct Sale {
  /// From so long before its start on, a sale's terms cannot be changed: every process that sells
  /// it hears of a change in less time. Its units are leased from then on.
  static constexpr std::chrono::seconds kTermsFixed{5};
  static constexpr std::int64_t kHighestPriceCents = 1'000'000'000'000;
  static constexpr std::int64_t kLargestQuantity = 1'000'000'000;
  static constexpr std::int32_t kHighestLimit = 1'000;  // units per buyer

  SaleId id;
  ProductId product;
  std::int64_t price_cents = 0;      // 0 to kHighestPriceCents
  std::int64_t quantity = 0;         // T: 1 to kLargestQuantity, the units ever put on sale
  std::int64_t unleased = 0;         // U: those of them in no lease and no order
  std::int32_t per_buyer_limit = 1;  // 1 to kHighestLimit
  Instant starts_at;
  std::optional<Instant> ends_at;  // none: until sold out or ended by the operator
  bool captcha = true;
  /// How long an order of it is held for its payment (kShortestHold to kLongestHold); none: an
  /// order is final, and asks for no payment.
  std::optional<std::chrono::seconds> hold = std::nullopt;

  static constexpr std::chrono::seconds kShortestHold{60};
  static constexpr std::chrono::seconds kLongestHold{7 * 86'400};
  /// So long after Order::pay_by a payment that is under way may still arrive. Then the order
  /// expires.
  static constexpr std::chrono::seconds kPaymentGrace{30};

  bool started(Instant now) const { return starts_at <= now; }
  bool terms_fixed(Instant now) const { return started(now + kTermsFixed); }
  bool ended(Instant now) const { return ends_at && *ends_at <= now; }
  /// The last of the holds that began by `since` has run out at `now`.
  bool holds_ran_out(Instant since, Instant now) const {
    return since + hold.value_or(std::chrono::seconds{0}) <= now;
  }
  /// It has ended, and all its holds have run out since: no order of it gives a unit back.
  bool ended_with_holds(Instant now) const { return ends_at && holds_ran_out(*ends_at, now); }
};

}  // namespace stampede
