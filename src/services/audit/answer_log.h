#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/idempotency_key.h"
#include "model/ids.h"

namespace stampede::services::audit {

/// One intent of one buyer, named by its idempotency key.
struct Intent {
  UserId buyer;
  IdempotencyKey key;
  friend bool operator==(const Intent&, const Intent&) = default;
};

struct IntentHash {
  std::size_t operator()(const Intent& intent) const {
    return std::hash<std::string_view>{}(intent.key.text()) ^
           (std::hash<std::int64_t>{}(intent.buyer.value) * 0x9E3779B97F4A7C15u);
  }
};

/// What all answers to one intent amount to.
struct Outcome {
  /// Its state after the last answer that decided anything. "Lost" and "pending" remain until a yes
  /// or a no, because other refusals (429, 503, ...) concern their own request only.
  enum class Last : std::uint8_t { kUndecided, kLost, kPending, kNo, kYes };

  OrderNumber promised;  // of a yes; 0: none
  Last last = Last::kUndecided;
  bool kept = false;  // the promised order was found
  /// A request of it was never answered: it may still have been under way when a later one was told
  /// no, and may have bought afterwards (docs/design.md#invariants, I4).
  bool unanswered = false;
};

/// Every answer that clients saw to their purchases of one sale, folded to one Outcome per intent
/// (about 150 bytes each). One JSON object a line; the lines of one key in the order it saw them:
///
///   {"buyer":1,"product":1,"sale":1,"key":"0123456789abcdef","status":201,"result":"sold","order":5}
///   {"buyer":1,"product":1,"key":"0123456789abcdef","status":410,"result":"sold-out"}
///   {"buyer":1,"key":"0123456789abcdef","status":0,"result":"lost"}
///
/// `result` is the answer's `result`, or the `type` of its problem; status 0 with "lost" is an
/// attempt whose answer never came. An outcome told later, at /purchases, is written as /check
/// would have said it. `sale` may be left out; without `product` too, which only a lost line may
/// lack, a line counts for any sale. Other members are ignored.
class AnswerLog {
 public:
  AnswerLog(SaleId sale, ProductId product) : sale_(sale), product_(product) {}

  /// Adds one line; lines of other sales are checked and left out. The error says what was
  /// expected.
  std::expected<void, std::string> add(std::string_view line);

  std::unordered_map<Intent, Outcome, IntentHash>& outcomes() { return outcomes_; }

  /// A yes that named another order than a yes before it to the same intent.
  struct Contradiction {
    Intent intent;
    OrderNumber first;
    OrderNumber then;
  };
  const std::vector<Contradiction>& contradictions() const { return contradictions_; }

 private:
  SaleId sale_;
  ProductId product_;
  std::unordered_map<Intent, Outcome, IntentHash> outcomes_;
  std::vector<Contradiction> contradictions_;
};

}  // namespace stampede::services::audit
