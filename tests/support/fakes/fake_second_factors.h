#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "concurrency/mutex.h"
#include "repositories/accounts/accounts.h"
#include "repositories/accounts/second_factors.h"

namespace stampede::test_support {

/// Second factors in memory, of users who are in `accounts`, if there are such. Thread-safe.
class FakeSecondFactors final : public repositories::SecondFactors {
 public:
  explicit FakeSecondFactors(repositories::Accounts* accounts = nullptr) : accounts_(accounts) {}

  std::optional<Stored> find(UserId user) override {
    const concurrency::MutexLock lock(mutex_);
    const auto found = stored_.find(user);
    return found == stored_.end() ? std::nullopt : std::optional(found->second);
  }
  bool add(UserId user, std::string_view secret, std::int64_t step, Instant now) override {
    const concurrency::MutexLock lock(mutex_);
    if (!stored_.try_emplace(user, Stored{std::string(secret), step}).second) return false;
    end_sessions(user, now);
    return true;
  }
  void put(UserId user, std::string_view secret, Instant now) override {
    const concurrency::MutexLock lock(mutex_);
    stored_[user] = {.secret = std::string(secret), .last_step = 0};
    end_sessions(user, now);
  }
  bool remove(UserId user, Instant now) override {
    const concurrency::MutexLock lock(mutex_);
    if (stored_.erase(user) == 0) return false;
    end_sessions(user, now);
    return true;
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
  void end_sessions(UserId user, Instant now) {
    if (accounts_ != nullptr) accounts_->raise_epoch(user, now);
  }

  repositories::Accounts* accounts_;
  concurrency::Mutex mutex_;
  std::map<UserId, Stored> stored_ STAMPEDE_GUARDED_BY(mutex_);
};

}  // namespace stampede::test_support
