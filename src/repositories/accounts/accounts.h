#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/user.h"

namespace stampede::repositories {

/// Session epochs that were raised, and the revision behind them.
struct RaisedEpochs {
  std::int64_t revision = 0;
  std::vector<std::pair<UserId, SessionEpoch>> epochs;
};

/// Users, their passwords and session epochs. Thread-safe; calls block.
class Accounts {
 public:
  virtual ~Accounts() = default;

  struct NameTaken {};
  /// Ids count up from 1; on MariaDB a call that is refused may use up an id.
  virtual std::expected<UserId, NameTaken> create(std::string_view name,
                                                  std::string_view password_hash, UserRole role,
                                                  Instant now) = 0;
  virtual std::optional<User> find(UserId id) = 0;
  /// Names compare without regard to ASCII case.
  virtual std::optional<User> find_by_name(std::string_view name) = 0;
  /// In order of id, at most `limit`, ids above `after`.
  virtual std::vector<User> list(UserId after, std::size_t limit) = 0;

  /// Raises the session epoch and answers the new one; nullopt for an unknown user.
  virtual std::optional<SessionEpoch> raise_epoch(UserId id, Instant now) = 0;
  /// A new password raises the epoch too, in the same transaction.
  virtual std::optional<SessionEpoch> set_password(UserId id, std::string_view hash,
                                                   Instant now) = 0;
  /// The same where the hash is still `old_hash`; nullopt where it is not.
  virtual std::optional<SessionEpoch> replace_password(UserId id, std::string_view old_hash,
                                                       std::string_view hash, Instant now) = 0;
  enum class OperatorError : std::uint8_t {
    kNoOperator,  // there is no such user, or a buyer
    kLastOwner,   // nobody else is an owner
  };
  /// Gives an operator another role of the console. Raises the epoch too, in the same transaction:
  /// sessions carry the role.
  virtual std::expected<SessionEpoch, OperatorError> set_role(UserId id, UserRole role,
                                                              Instant now) = 0;
  /// Makes an operator of whatever role a buyer whom no password opens: the name is given to nobody
  /// else. Takes the second factor and raises the epoch too, in the same transaction; of owners who
  /// remove each other at once, one stays.
  virtual std::expected<SessionEpoch, OperatorError> remove_operator(UserId id, Instant now) = 0;
  /// The epochs that were raised after `revision`. For a caller that knows no revision (-1), or a
  /// greater one than the database (which lost its tail in a failover), all that were raised at or
  /// after `recent`: cookies from before then have expired.
  virtual RaisedEpochs epochs_raised(std::int64_t revision, Instant recent) = 0;

  /// Makes the users first..last that do not exist, named "user<id>", with password hash "!";
  /// answers the session epoch of each, in order. For load tests: `stampede mint`.
  virtual std::vector<SessionEpoch> ensure_range(UserId first, UserId last, Instant now) = 0;
};

}  // namespace stampede::repositories
