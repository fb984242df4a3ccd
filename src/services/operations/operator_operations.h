#pragma once

#include <string>
#include <string_view>

#include "repositories/accounts/accounts.h"
#include "repositories/accounts/second_factors.h"
#include "services/accounts/second_factor.h"
#include "services/audit/journal.h"
#include "services/operations/outcome.h"

namespace stampede::services::operations {

/// What is decided about those who use the console: each is checked, made and written into the
/// audit log. A running console sees a new role within a second, because it ends every session of
/// theirs. Thread-safe; calls block and throw repositories::StorageError. What it is given outlives
/// it.
class OperatorOperations {
 public:
  OperatorOperations(repositories::Accounts& accounts, repositories::SecondFactors& factors,
                     audit::Journal& journal)
      : accounts_(&accounts), factors_(&factors), journal_(&journal) {}

  /// A buyer becomes no operator, and no operator a buyer: passwords are of one site alone.
  Outcome<void> set_role(const Operator& who, const User& user, UserRole role);

  /// Takes the console from them: no password of theirs is accepted any more, their second factor
  /// is gone, and every session ends. The name stays theirs, so that the audit log means nobody
  /// else by it. The last owner is refused. Answers the epoch below which their sessions are none.
  Outcome<SessionEpoch> remove(const Operator& who, const User& user);

  /// Gives them a new secret of a second factor, sealed with the keys of `factor`: the URI that an
  /// authenticator reads.
  Outcome<std::string> renew_second_factor(const Operator& who, const User& user,
                                           accounts::SecondFactor& factor);
  /// Gives an operator the second factor that was offered as `sealed`, shown to be theirs by
  /// `code`. Every session of theirs ends.
  accounts::SecondFactor::SetUp set_up_second_factor(const Operator& who, const User& user,
                                                     accounts::SecondFactor& factor,
                                                     std::string_view sealed,
                                                     std::string_view code);
  /// Every session of theirs ends.
  Outcome<void> remove_second_factor(const Operator& who, const User& user);

 private:
  repositories::Accounts* accounts_;
  repositories::SecondFactors* factors_;
  audit::Journal* journal_;
};

}  // namespace stampede::services::operations
