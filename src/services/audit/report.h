#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/catalog/sale_position.h"

namespace stampede::services::audit {

/// The invariants (docs/design.md#invariants) that can be checked from outside.
enum class Invariant {
  kConservation = 1,
  kNoOversell = 2,
  kNoLoss = 3,
  kNoPhantom = 4,
  kNoDouble = 5,
  kNoUndersell = 6,
  kMoney,
};

/// "I1 conservation", "M1 money adds up"
std::string_view to_string(Invariant invariant);

/// What the audit says of one invariant of one sale.
struct Finding {
  enum class State { kHolds, kBroken, kOpen };  // open: cannot be told yet

  Invariant invariant = Invariant::kConservation;
  State state = State::kHolds;
  std::string explanation;             // empty if it holds
  std::vector<std::string> offenders;  // the first ten
};

/// One line of a sale's position, in words a merchant reads.
struct PositionLine {
  std::string_view title;
  std::int64_t units = 0;
  std::string statement;  // what it was compared with
  bool balances = true;
};

struct SaleReport {
  std::string product;
  SalePosition position;            // its orders counted one by one
  std::vector<PositionLine> lines;  // the same in words
  std::vector<Finding> findings;

  bool clean() const;
};

/// A list of offenders that keeps the first ten and counts them all.
class Offenders {
 public:
  static constexpr std::size_t kShown = 10;

  void add(std::string offender) {
    if (++count_ <= static_cast<std::int64_t>(kShown)) shown_.push_back(std::move(offender));
  }
  std::int64_t count() const { return count_; }
  std::vector<std::string> take() { return std::move(shown_); }

 private:
  std::int64_t count_ = 0;
  std::vector<std::string> shown_;
};

std::string in_words(const SaleReport& report);
std::string as_json(std::span<const SaleReport> reports);

}  // namespace stampede::services::audit
