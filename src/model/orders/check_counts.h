#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <string_view>

#include "model/orders/verdict.h"

namespace stampede {

/// What was answered to /check in some time, or since a process began.
struct CheckCounts {
  /// Answers by kind: one for each Verdict, and at last those refused before the rules (no login,
  /// no key, a foreign origin).
  static constexpr std::size_t kKinds = kVerdictCount + 1;
  static constexpr std::size_t kRefused = kVerdictCount;
  /// "sold", "sold-already", "held" ... "refused".
  static constexpr std::string_view kind_name(std::size_t kind) {
    if (kind == kRefused) return "refused";
    const auto verdict = static_cast<Verdict>(kind);
    if (verdict == Verdict::kSoldAlready) return "sold-already";
    if (verdict == Verdict::kHeldAlready) return "held-already";
    return to_string(verdict);
  }
  std::array<std::int64_t, kKinds> answers{};

  /// How long buyers waited for an outcome: bucket k holds those of up to 2^k us and of no earlier
  /// bucket, and the last those beyond all of them.
  static constexpr std::size_t kBuckets = 28;
  std::array<std::int64_t, kBuckets> waits{};

  std::int64_t attempts() const {
    return std::accumulate(answers.begin(), answers.end(), std::int64_t{0});
  }
  CheckCounts& operator+=(const CheckCounts& other) {
    std::ranges::transform(answers, other.answers, answers.begin(), std::plus{});
    std::ranges::transform(waits, other.waits, waits.begin(), std::plus{});
    return *this;
  }
  friend bool operator==(const CheckCounts&, const CheckCounts&) = default;
};

}  // namespace stampede
