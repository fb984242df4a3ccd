#pragma once

#include <strings.h>

#include <algorithm>
#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "concurrency/mutex.h"
#include "repositories/accounts/accounts.h"

namespace stampede::test_support {

/// Accounts in memory. Thread-safe; `before` runs before each call that may fail: to block it or to
/// make it fail.
class FakeAccounts : public repositories::Accounts {
 public:
  std::function<void()> before = [] {};

  UserId add(std::string_view name, UserRole role = UserRole::kBuyer, std::string_view hash = "!") {
    return *create(name, hash, role, Instant{});
  }

  std::expected<UserId, NameTaken> create(std::string_view name, std::string_view hash,
                                          UserRole role, Instant now) override {
    before();
    const concurrency::MutexLock lock(mutex_);
    if (by_name(name) != nullptr) return std::unexpected(NameTaken{});
    const UserId id{static_cast<std::int64_t>(users_.size()) + 1};
    users_[id] = {.id = id,
                  .name = std::string(name),
                  .password_hash = std::string(hash),
                  .role = role,
                  .session_epoch = 0,
                  .created_at = now};
    return id;
  }
  std::optional<User> find(UserId id) override {
    before();
    const concurrency::MutexLock lock(mutex_);
    const auto found = users_.find(id);
    return found == users_.end() ? std::nullopt : std::optional(found->second);
  }
  std::optional<User> find_by_name(std::string_view name) override {
    before();
    const concurrency::MutexLock lock(mutex_);
    const User* user = by_name(name);
    return user == nullptr ? std::nullopt : std::optional(*user);
  }
  std::vector<User> list(UserId, std::size_t) override { return {}; }
  std::optional<SessionEpoch> raise_epoch(UserId id, Instant) override {
    before();
    const concurrency::MutexLock lock(mutex_);
    const auto found = users_.find(id);
    return found == users_.end() ? std::nullopt : std::optional(++found->second.session_epoch);
  }
  std::optional<SessionEpoch> set_password(UserId id, std::string_view hash, Instant now) override {
    {
      const concurrency::MutexLock lock(mutex_);
      const auto found = users_.find(id);
      if (found == users_.end()) return std::nullopt;
      found->second.password_hash = hash;
    }
    return raise_epoch(id, now);
  }
  std::optional<SessionEpoch> replace_password(UserId id, std::string_view old_hash,
                                               std::string_view hash, Instant now) override {
    const auto user = find(id);
    return user && user->password_hash == old_hash ? set_password(id, hash, now) : std::nullopt;
  }
  std::expected<SessionEpoch, OperatorError> set_role(UserId id, UserRole role,
                                                      Instant now) override {
    return change_operator(id, role, now, [](User&) {});
  }
  /// Second factors are no part of it.
  std::expected<SessionEpoch, OperatorError> remove_operator(UserId id, Instant now) override {
    return change_operator(id, UserRole::kBuyer, now, [](User& user) { user.password_hash = "!"; });
  }
  repositories::RaisedEpochs epochs_raised(std::int64_t, Instant) override { return {}; }
  /// Makes nobody.
  std::vector<SessionEpoch> ensure_range(UserId first, UserId last, Instant) override {
    return std::vector<SessionEpoch>(static_cast<std::size_t>(last.value - first.value + 1));
  }

 protected:
  template <class Change>
  std::expected<SessionEpoch, OperatorError> change_operator(UserId id, UserRole role, Instant now,
                                                             Change change) {
    {
      const concurrency::MutexLock lock(mutex_);
      const auto found = users_.find(id);
      if (found == users_.end() || !is_of_console(found->second.role)) {
        return std::unexpected(OperatorError::kNoOperator);
      }
      const auto owners = std::ranges::count_if(
          users_, [](const auto& each) { return each.second.role == UserRole::kOwner; });
      if (found->second.role == UserRole::kOwner && role != UserRole::kOwner && owners == 1) {
        return std::unexpected(OperatorError::kLastOwner);
      }
      found->second.role = role;
      change(found->second);
    }
    return *raise_epoch(id, now);
  }
  std::map<UserId, User> users() const {
    const concurrency::MutexLock lock(mutex_);
    return users_;
  }

 private:
  const User* by_name(std::string_view name) const STAMPEDE_REQUIRES(mutex_) {
    for (const auto& [id, user] : users_) {
      if (user.name.size() == name.size() &&
          strncasecmp(user.name.data(), name.data(), name.size()) == 0) {
        return &user;
      }
    }
    return nullptr;
  }

  mutable concurrency::Mutex mutex_;
  std::map<UserId, User> users_ STAMPEDE_GUARDED_BY(mutex_);
};

}  // namespace stampede::test_support
