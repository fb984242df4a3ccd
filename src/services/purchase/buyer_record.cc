#include "services/purchase/buyer_record.h"

#include <algorithm>
#include <string_view>

namespace stampede::services::purchase {

IntentState state_of(const Order& order) {
  switch (order.reason) {
    case FailureReason::kNone:
      return order.status == OrderStatus::kHeld ? IntentState::kHeld : IntentState::kSold;
    case FailureReason::kTooLate:
      return IntentState::kTooLate;
    case FailureReason::kLimitReached:
      return IntentState::kLimitReached;
    case FailureReason::kNoUnit:
      return IntentState::kNoUnit;
    case FailureReason::kCancelled:
      return IntentState::kCancelled;
    case FailureReason::kExpired:
      return IntentState::kExpired;
  }
  return IntentState::kNoUnit;
}

FailureReason reason_of(IntentState state) {
  switch (state) {
    case IntentState::kTooLate:
      return FailureReason::kTooLate;
    case IntentState::kLimitReached:
      return FailureReason::kLimitReached;
    case IntentState::kNoUnit:
      return FailureReason::kNoUnit;
    case IntentState::kCancelled:
      return FailureReason::kCancelled;
    case IntentState::kExpired:
      return FailureReason::kExpired;
    case IntentState::kPending:
    case IntentState::kSold:
    case IntentState::kHeld:
      break;
  }
  return FailureReason::kNone;
}

std::uint64_t hash_of(const IdempotencyKey& key) {
  return std::hash<std::string_view>{}(key.text());
}

Intent* BuyerRecord::find(std::uint64_t key_hash) {
  if (first_.sale == 0) return nullptr;
  if (first_.key_hash == key_hash) return &first_;
  if (!more_) return nullptr;
  for (Intent& intent : *more_) {
    if (intent.key_hash == key_hash) return &intent;
  }
  return nullptr;
}

Intent& BuyerRecord::add(std::uint64_t key_hash, SaleId sale) {
  Intent* place = &first_;
  if (first_.sale != 0) {
    if (!more_) more_ = std::make_unique<std::vector<Intent>>();
    place = &more_->emplace_back();
  }
  place->key_hash = key_hash;
  place->sale = static_cast<std::uint32_t>(sale.value);
  return *place;
}

void BuyerRecord::remove_if(const std::function<bool(const Intent&)>& predicate) {
  if (more_) {
    std::erase_if(*more_, predicate);
    if (more_->empty()) more_.reset();
  }
  if (first_.sale == 0 || !predicate(first_)) return;
  first_ = Intent{};
  if (more_) {
    first_ = more_->back();
    more_->pop_back();
    if (more_->empty()) more_.reset();
  }
}

void BuyerRecord::doubt_outcomes() {
  const auto doubt = [](Intent& intent) {
    if (intent.intent_state() != IntentState::kPending) intent.state = intent.state | kDoubted;
  };
  if (first_.sale != 0) doubt(first_);
  if (!more_) return;
  for (Intent& intent : *more_) doubt(intent);
}

}  // namespace stampede::services::purchase
