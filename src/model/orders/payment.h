#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "model/ids.h"
#include "model/time.h"

namespace stampede {

/// What became of a payment that was captured (docs/design.md#payments).
enum class PaymentState {
  kKept,       // by the order that it pays
  kRefundDue,  // it pays no order, and is to go back
  kRefunded,
};
inline constexpr std::array kPaymentStates{PaymentState::kKept, PaymentState::kRefundDue,
                                           PaymentState::kRefunded};

constexpr std::string_view to_string(PaymentState state) {
  switch (state) {
    case PaymentState::kKept:
      return "kept";
    case PaymentState::kRefundDue:
      return "refund_due";
    case PaymentState::kRefunded:
      return "refunded";
  }
  return "";
}

/// A row of `payments`: money that a buyer has paid. None is ever deleted.
struct Payment {
  OrderNumber order;
  std::string reference;  // the provider's name of it, behind its own: "demo:123"; unique
  std::int64_t amount_cents = 0;
  PaymentState state = PaymentState::kKept;
  std::string reason;  // a slug, why it goes back; empty while it is kept
  Instant at;          // when it was recorded
  Instant changed_at;

  /// Longest reference, in bytes.
  static constexpr std::size_t kLongestReference = 128;
};

}  // namespace stampede
