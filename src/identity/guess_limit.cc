#include "identity/guess_limit.h"

namespace stampede::identity {

bool GuessLimit::exhausted(const std::string& key, Tick now) {
  const concurrency::MutexLock lock(mutex_);
  forget_before(now);
  const auto found = tries_.find(key);
  return found != tries_.end() && found->second >= limit_;
}

bool GuessLimit::charge(const std::string& key, Tick now) {
  const concurrency::MutexLock lock(mutex_);
  forget_before(now);
  const auto [entry, first] = tries_.try_emplace(key, 0);
  if (first) {
    if (began_.size() >= capacity_) forget_oldest();
    began_.emplace_back(now, key);
  }
  if (entry->second >= limit_) return false;
  ++entry->second;
  return true;
}

void GuessLimit::forgive(const std::string& key) {
  const concurrency::MutexLock lock(mutex_);
  const auto found = tries_.find(key);
  if (found != tries_.end() && found->second > 0) --found->second;
}

void GuessLimit::forget_before(Tick now) {
  while (!began_.empty() && began_.front().first + kWindow <= now) forget_oldest();
}

void GuessLimit::forget_oldest() {
  tries_.erase(began_.front().second);
  began_.pop_front();
}

}  // namespace stampede::identity
