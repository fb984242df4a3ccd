#pragma once

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "model/idempotency_key.h"
#include "model/ids.h"
#include "model/orders/order.h"
#include "model/time.h"

namespace stampede::services::purchase {

/// How far an intent has come.
enum class IntentState : std::uint8_t {
  kPending,
  kSold,
  kTooLate,
  kLimitReached,
  kNoUnit,
  kCancelled,
  kExpired,
  kHeld  // sold, and to be paid
};

IntentState state_of(const Order& order);
/// Of an intent that failed, or whose order is active no more.
FailureReason reason_of(IntentState state);

/// A bit beside the state of a settled intent: see Intent::doubted().
inline constexpr std::uint64_t kDoubted = 0x80;

/// One intent of one buyer. Packed, because a million buyers are kept (20 bytes).
struct [[gnu::packed, gnu::aligned(4)]] Intent {
  /// 64 bits stand for the key: two keys of one buyer that collide only hurt that buyer.
  std::uint64_t key_hash = 0;
  std::uint64_t number : 56 = 0;  // of the order; 0 while pending
  std::uint64_t state : 8 = 0;    // IntentState
  std::uint32_t sale = 0;         // SaleId; 0: no intent here

  IntentState intent_state() const { return static_cast<IntentState>(state & ~kDoubted); }
  /// Its outcome may not be the database's any more; settling it says otherwise.
  bool doubted() const { return (state & kDoubted) != 0; }

  /// It is an active order, paid or not.
  bool sold() const {
    return intent_state() == IntentState::kSold || intent_state() == IntentState::kHeld;
  }

  SaleId sale_id() const { return SaleId{sale}; }
};

std::uint64_t hash_of(const IdempotencyKey& key);

/// What is known of one buyer: the last attempt and the intents. Most buyers have one intent; it is
/// held inline. 32 bytes.
class BuyerRecord {
 public:
  /// Null if there is no such intent.
  Intent* find(std::uint64_t key_hash);
  Intent& add(std::uint64_t key_hash, SaleId sale);
  void remove_if(const std::function<bool(const Intent&)>& predicate);
  /// Doubts the outcome of every settled intent.
  void doubt_outcomes();
  bool has_intents() const { return first_.sale != 0; }

  template <class Visit>
  void for_each(Visit&& visit) const {
    if (first_.sale == 0) return;
    visit(first_);
    if (more_) {
      for (const Intent& intent : *more_) visit(intent);
    }
  }

  // The last attempt that took a unit; a new record has none.

  void note_attempt(Tick at) { last_attempt_ = stamp(at); }
  void forget_attempt() { last_attempt_ = 0; }
  bool attempted() const { return last_attempt_ != 0; }
  bool attempted_at(Tick at) const { return last_attempt_ == stamp(at); }
  /// Never negative: another thread may have read its clock later and locked the stripe first.
  std::chrono::milliseconds since_attempt(Tick now) const {
    const auto since = static_cast<std::int32_t>(stamp(now) - last_attempt_);
    return std::chrono::milliseconds{std::max(0, since)};
  }

 private:
  static std::uint32_t stamp(Tick at) {
    const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch());
    return std::max(1U, static_cast<std::uint32_t>(since.count()));
  }

  /// The monotonic clock's milliseconds, the lower 32 bits; 0: no attempt that still counts.
  std::uint32_t last_attempt_ = 0;
  Intent first_;
  std::unique_ptr<std::vector<Intent>> more_;
};
static_assert(sizeof(BuyerRecord) == 32);

using BuyerRecords = boost::unordered_flat_map<UserId, BuyerRecord>;

}  // namespace stampede::services::purchase
