#include "services/operations/operator_operations.h"

#include <fmt/format.h>

#include "services/accounts/buyers.h"

namespace stampede::services::operations {

using accounts::subject_of;

namespace {

std::unexpected<std::string> is_buyer(const User& user) {
  return std::unexpected(
      fmt::format("{} is a buyer; expected somebody whom `stampede operator add` made", user.name));
}

std::unexpected<std::string> refused(repositories::Accounts::OperatorError error,
                                     const User& user) {
  if (error == repositories::Accounts::OperatorError::kNoOperator) return is_buyer(user);
  return std::unexpected(fmt::format(
      "{} is the last owner; expected another one first: `stampede operator add NAME --role owner`",
      user.name));
}

}  // namespace

Outcome<void> OperatorOperations::set_role(const Operator& who, const User& user, UserRole role) {
  if (!is_of_console(user.role)) return is_buyer(user);
  if (!is_of_console(role)) {
    return std::unexpected(fmt::format(
        "role: {} is none of the console; expected viewer, operator or owner", to_string(role)));
  }
  const auto epoch = accounts_->set_role(user.id, role, who.now.wall);
  if (!epoch) return refused(epoch.error(), user);
  journal_->record(who, "operator role", fmt::format("{}: {}", subject_of(user), to_string(role)));
  return {};
}

Outcome<SessionEpoch> OperatorOperations::remove(const Operator& who, const User& user) {
  const auto epoch = accounts_->remove_operator(user.id, who.now.wall);
  if (!epoch) return refused(epoch.error(), user);
  journal_->record(who, "operator remove", subject_of(user));
  return *epoch;
}

Outcome<std::string> OperatorOperations::renew_second_factor(const Operator& who, const User& user,
                                                             accounts::SecondFactor& factor) {
  if (!is_of_console(user.role)) return is_buyer(user);
  std::string uri = factor.renew(user, who.now.wall);
  journal_->record(who, "operator totp", subject_of(user));
  return uri;
}

accounts::SecondFactor::SetUp OperatorOperations::set_up_second_factor(
    const Operator& who, const User& user, accounts::SecondFactor& factor, std::string_view sealed,
    std::string_view code) {
  const auto result = factor.set_up(user.id, sealed, code, who.now.wall);
  if (result != accounts::SecondFactor::SetUp::kDone) return result;
  journal_->record(who, "operator totp", subject_of(user));
  return result;
}

Outcome<void> OperatorOperations::remove_second_factor(const Operator& who, const User& user) {
  if (!factors_->remove(user.id, who.now.wall)) {
    return std::unexpected(fmt::format("{} has no second factor to remove", user.name));
  }
  journal_->record(who, "operator totp remove", subject_of(user));
  return {};
}

}  // namespace stampede::services::operations
