#pragma once

#include "repositories/accounts/accounts.h"
#include "repositories/sql/connection/database.h"

namespace stampede::repositories::sql {

/// Ends every session of that user: raises the session epoch and answers the new one; nullopt for
/// an unknown user. In the transaction of the change that asks for it.
std::optional<SessionEpoch> raise_epoch(soci::session& session, UserId id, Instant now);

/// Accounts in SQL, as repositories/accounts/accounts.h says. Thread-safe; database outlives it.
class SqlAccounts final : public Accounts {
 public:
  explicit SqlAccounts(Database& database) : database_(database) {}

  std::expected<UserId, NameTaken> create(std::string_view name, std::string_view password_hash,
                                          UserRole role, Instant now) override;
  std::optional<User> find(UserId id) override;
  std::optional<User> find_by_name(std::string_view name) override;
  std::vector<User> list(UserId after, std::size_t limit) override;

  std::optional<SessionEpoch> raise_epoch(UserId id, Instant now) override;
  std::optional<SessionEpoch> set_password(UserId id, std::string_view hash, Instant now) override;
  std::optional<SessionEpoch> replace_password(UserId id, std::string_view old_hash,
                                               std::string_view hash, Instant now) override;
  std::expected<SessionEpoch, OperatorError> set_role(UserId id, UserRole role,
                                                      Instant now) override;
  std::expected<SessionEpoch, OperatorError> remove_operator(UserId id, Instant now) override;
  RaisedEpochs epochs_raised(std::int64_t revision, Instant recent) override;

  /// In transactions of 10,000 users, so that others can write in between. Throws StorageError if
  /// one of the names belongs to another user.
  std::vector<SessionEpoch> ensure_range(UserId first, UserId last, Instant now) override;

 private:
  static std::expected<SessionEpoch, OperatorError> lock_operator(soci::session& session, UserId id,
                                                                  bool stays_owner, Instant now);
  template <class Change>
  std::expected<SessionEpoch, OperatorError> change_operator(UserId id, bool stays_owner,
                                                             Instant now, Change change);

  Database& database_;
};

}  // namespace stampede::repositories::sql
