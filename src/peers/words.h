#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "model/orders/order.h"
#include "model/stock_lease.h"
#include "peers/messages.h"

namespace stampede::peers {

// Enums as words of a message.

constexpr std::string_view to_string(LeaseReply::Refusal refusal) {
  using enum LeaseReply::Refusal;
  switch (refusal) {
    case kNone:
      return "";
    case kNoUnits:
      return "no-units";
    case kNotOnSale:
      return "not-on-sale";
    case kStaleRing:
      return "stale-ring";
    case kOtherTerms:
      return "other-terms";
  }
  return "";
}

/// The one of `values` whose word it is.
template <class Enum, std::size_t size>
constexpr std::optional<Enum> from_word(std::string_view word,
                                        const std::array<Enum, size>& values) {
  for (const Enum value : values) {
    if (to_string(value) == word) return value;
  }
  return std::nullopt;
}

inline constexpr std::array kRefusals{
    LeaseReply::Refusal::kNone, LeaseReply::Refusal::kNoUnits, LeaseReply::Refusal::kNotOnSale,
    LeaseReply::Refusal::kStaleRing, LeaseReply::Refusal::kOtherTerms};
inline constexpr std::array kReasons{FailureReason::kNone,         FailureReason::kTooLate,
                                     FailureReason::kLimitReached, FailureReason::kNoUnit,
                                     FailureReason::kCancelled,    FailureReason::kExpired};
inline constexpr std::array kLeaseStates{LeaseState::kOpen, LeaseState::kFenced,
                                         LeaseState::kClosed};

}  // namespace stampede::peers
