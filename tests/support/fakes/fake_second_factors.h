#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "concurrency/mutex.h"
#include "repositories/second_factors.h"

namespace stampede::test_support {

/// Second factors in memory. Thread-safe.
class FakeSecondFactors final : public repositories::SecondFactors {
 public:
  std::optional<Stored> find(UserId user) override {
    const concurrency::MutexLock lock(mutex_);
    const auto found = stored_.find(user);
    return found == stored_.end() ? std::nullopt : std::optional(found->second);
  }
  bool add(UserId user, std::string_view secret, std::int64_t step, Instant) override {
    const concurrency::MutexLock lock(mutex_);
    return stored_.try_emplace(user, Stored{std::string(secret), step}).second;
  }
  void put(UserId user, std::string_view secret, Instant) override {
    const concurrency::MutexLock lock(mutex_);
    stored_[user] = {.secret = std::string(secret), .last_step = 0};
  }
  bool remove(UserId user) override {
    const concurrency::MutexLock lock(mutex_);
    return stored_.erase(user) != 0;
  }
  bool accept(UserId user, std::int64_t step, std::string_view before,
              std::string_view secret) override {
    const concurrency::MutexLock lock(mutex_);
    const auto found = stored_.find(user);
    if (found == stored_.end() || found->second.secret != before ||
        found->second.last_step >= step) {
      return false;
    }
    found->second = {.secret = std::string(secret), .last_step = step};
    return true;
  }

 private:
  concurrency::Mutex mutex_;
  std::map<UserId, Stored> stored_ STAMPEDE_GUARDED_BY(mutex_);
};

}  // namespace stampede::test_support
