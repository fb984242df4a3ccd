#include "identity/guess_limit.h"

namespace stampede::identity {

int GuessLimit::tries(const std::string& key, Tick now) {
  const concurrency::MutexLock lock(mutex_);
  forget_before(now);
  const auto found = tries_.find(key);
  return found == tries_.end() ? 0 : found->second.count;
}

bool GuessLimit::charge(const std::string& key, Tick now) {
  const concurrency::MutexLock lock(mutex_);
  forget_before(now);
  const auto [entry, first] = tries_.try_emplace(key, Tries{.count = 0, .began = now});
  if (first) {
    if (began_.size() >= capacity_) forget_oldest();
    began_.emplace_back(now, key);
  }
  if (entry->second.count >= limit_) return false;
  ++entry->second.count;
  return true;
}

void GuessLimit::forgive(const std::string& key) {
  const concurrency::MutexLock lock(mutex_);
  const auto found = tries_.find(key);
  if (found != tries_.end() && found->second.count > 0) --found->second.count;
}

Tick::duration GuessLimit::left(const std::string& key, Tick now) {
  const concurrency::MutexLock lock(mutex_);
  forget_before(now);
  const auto found = tries_.find(key);
  return found == tries_.end() ? Tick::duration{} : found->second.began + window_ - now;
}

void GuessLimit::forget_before(Tick now) {
  while (!began_.empty() && began_.front().first + window_ <= now) forget_oldest();
}

void GuessLimit::forget_oldest() {
  tries_.erase(began_.front().second);
  began_.pop_front();
}

}  // namespace stampede::identity
