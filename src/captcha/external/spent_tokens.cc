#include "captcha/external/spent_tokens.h"

#include "identity/fingerprint.h"

namespace stampede::captcha {
namespace {

using concurrency::MutexLock;

std::string key_of(std::string_view token) { return identity::fingerprint({token}); }

std::string key_of(const Subject& subject) {
  return identity::fingerprint({std::to_string(subject.buyer.value),
                                std::to_string(subject.product.value), subject.intent.text()});
}

}  // namespace

SpentTokens::Known SpentTokens::look(std::string_view token, const Subject& subject, Tick now) {
  const std::string key = key_of(token);
  const std::string intent = key_of(subject);
  const MutexLock lock(mutex_);
  return known(key, intent, now);
}

SpentTokens::Known SpentTokens::spend(std::string_view token, const Subject& subject, Tick now) {
  const std::string key = key_of(token);
  const std::string intent = key_of(subject);
  const MutexLock lock(mutex_);
  const Known before = known(key, intent, now);
  if (before != Known::kNew) return before;
  if (order_.size() >= capacity_) forget_oldest();
  spent_.emplace(key, Spent{.intent = intent, .at = now});
  order_.push_back(key);
  return before;
}

SpentTokens::Known SpentTokens::known(const std::string& token, const std::string& intent,
                                      Tick now) {
  while (!order_.empty() && now - spent_.at(order_.front()).at >= kKept) forget_oldest();
  const auto found = spent_.find(token);
  if (found == spent_.end()) return Known::kNew;
  const bool same = found->second.intent == intent && now - found->second.at < kRepeatable;
  return same ? Known::kRepeated : Known::kSpent;
}

void SpentTokens::forget_oldest() {
  spent_.erase(order_.front());
  order_.pop_front();
}

}  // namespace stampede::captcha
