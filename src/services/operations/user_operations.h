#pragma once

#include <functional>
#include <optional>
#include <string>

#include "services/accounts/buyers.h"
#include "services/audit/journal.h"
#include "services/operations/outcome.h"

namespace stampede::services::operations {

/// What operators do with users, at the console and by the command line alike: each is checked,
/// made, written into the audit log and told. Running roles see a change within a second.
/// Thread-safe; calls block and throw repositories::StorageError. What it is given outlives it.
class UserOperations {
 public:
  UserOperations(const accounts::Buyers::Storage& storage, audit::Journal& journal)
      : accounts_(&storage.accounts), buyers_(storage), journal_(&journal) {}

  struct NewUser {
    std::string name;
    std::string password;
    UserRole role = UserRole::kBuyer;
  };
  Outcome<UserId> add(const Operator& who, const NewUser& user);
  /// Ends every session of theirs.
  Outcome<void> set_password(const Operator& who, const User& user, const std::string& password);

  std::expected<User, accounts::BanError> ban(const Operator& who, UserId user,
                                              const accounts::Ban& ban);
  std::expected<User, accounts::BanError> unban(const Operator& who, UserId user);
  /// Ends every session of the user, in `sessions` at once; nullopt for an unknown one.
  std::optional<User> log_out(const Operator& who, UserId user, accounts::Sessions& sessions);

 private:
  repositories::Accounts* accounts_;
  accounts::Buyers buyers_;
  audit::Journal* journal_;
};

/// Changes the keys by `rotate`, and writes it into the audit log; `keys` says which file.
void rotate_keys(const Operator& who, const std::string& keys, const std::function<void()>& rotate,
                 audit::Journal& journal);

}  // namespace stampede::services::operations
