#include "services/operations/user_operations.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "identity/password.h"
#include "model/text/plain_text.h"
#include "services/accounts/accounts.h"
#include "services/accounts/credentials.h"

namespace stampede::services::operations {

using accounts::AccountError;
using accounts::BanError;
using accounts::subject_of;

namespace {

/// Users made in one transaction and told of at once.
constexpr std::int64_t kMintedAtOnce = 10'000;

}  // namespace

Outcome<UserId> UserOperations::add(const Operator& who, const NewUser& user) {
  const auto id =
      accounts::Accounts::create(*accounts_, user.name, user.password, user.role, who.now.wall);
  if (!id) {
    return std::unexpected(fmt::format("user {}: {}", in_quotes(user.name), explain(id.error())));
  }
  const bool is_buyer = user.role == UserRole::kBuyer;
  journal_->record(who,
                   is_buyer ? "user add" : fmt::format("operator add {}", to_string(user.role)),
                   fmt::format("user {} {}", id->value, user.name));
  return *id;
}

Outcome<void> UserOperations::set_password(const Operator& who, const User& user,
                                           const std::string& password) {
  if (!accounts::is_password(password)) {
    return std::unexpected(std::string{explain(AccountError::kBadPassword)});
  }
  if (!accounts_->set_password(user.id, identity::hash_password(password), who.now.wall)) {
    return std::unexpected(explain(BanError::kUnknownUser));
  }
  journal_->record(who, "user password", subject_of(user));
  return {};
}

Outcome<User, BanError> UserOperations::ban(const Operator& who, UserId user,
                                            const accounts::Ban& ban) {
  auto banned = buyers_.ban(user, ban, who.now.wall);
  if (banned) {
    journal_->record(who, "user ban", fmt::format("{}: {}", subject_of(*banned), ban.reason));
  }
  return banned;
}

Outcome<User, BanError> UserOperations::unban(const Operator& who, UserId user) {
  auto unbanned = buyers_.unban(user);
  if (unbanned) journal_->record(who, "user unban", subject_of(*unbanned));
  return unbanned;
}

Outcome<User, UserOperations::LogOutError> UserOperations::log_out(const Operator& who,
                                                                   UserRole role, UserId user,
                                                                   accounts::Sessions& sessions) {
  const auto found = buyers_.find(user);
  if (found && found->role == UserRole::kOwner && role != UserRole::kOwner) {
    return std::unexpected(LogOutError::kOwnersAlone);
  }
  auto gone = buyers_.log_out(user, sessions, who.now.wall);
  if (!gone) return std::unexpected(LogOutError::kUnknownUser);
  journal_->record(who, "user logout", subject_of(*gone));
  return *std::move(gone);
}

void UserOperations::mint(const Operator& who, UserId first, UserId last, const Minted& minted) {
  journal_->record(who, "mint", fmt::format("users {}-{}", first.value, last.value));
  for (; first <= last; first.value += kMintedAtOnce) {
    const UserId end{std::min(last.value, first.value + kMintedAtOnce - 1)};
    minted(first, accounts_->ensure_range(first, end, who.now.wall));
  }
}

}  // namespace stampede::services::operations
