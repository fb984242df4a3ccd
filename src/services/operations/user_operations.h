#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

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

  Outcome<User, accounts::BanError> ban(const Operator& who, UserId user, const accounts::Ban& ban);
  Outcome<User, accounts::BanError> unban(const Operator& who, UserId user);
  enum class LogOutError : std::uint8_t {
    kUnknownUser,
    kOwnersAlone,  // the user is an owner, whom other owners alone log out
  };
  /// Ends every session of the user, in `sessions` at once. `role` is that of `who`.
  Outcome<User, LogOutError> log_out(const Operator& who, UserRole role, UserId user,
                                     accounts::Sessions& sessions);

  /// Told of some thousand users at a time, in order: the first one's id, and the session epochs of
  /// that one and of those behind it.
  using Minted = std::function<void(UserId first, const std::vector<SessionEpoch>& epochs)>;
  /// Makes those users of `first` to `last` that are not there, for cookies of all of them. In the
  /// audit log before the first, because what was made of a part is good too.
  void mint(const Operator& who, UserId first, UserId last, const Minted& minted);

 private:
  repositories::Accounts* accounts_;
  accounts::Buyers buyers_;
  audit::Journal* journal_;
};

}  // namespace stampede::services::operations
