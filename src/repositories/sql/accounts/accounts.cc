#include "repositories/sql/accounts/accounts.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string>

#include "repositories/sql/connection/rows.h"

namespace stampede::repositories::sql {
namespace {

constexpr std::int64_t kUsersPerTransaction = 10'000;
constexpr std::size_t kUsersPerInsert = 500;

/// The users that `condition` on `u` finds; it uses one value.
template <class Value>
std::optional<User> select_user(soci::session& session, std::string_view condition,
                                const Value& value) {
  UserRow row;
  soci::statement select(session);
  row.define(select);
  select.exchange(soci::use(value));
  prepare(select, fmt::format("SELECT {} FROM users u WHERE {}", UserRow::kColumns, condition));
  if (!select.execute(true)) return std::nullopt;
  return row.user();
}

bool other_owner(soci::session& session, UserId than) {
  std::int64_t id = 0;
  session << "SELECT id FROM users WHERE role = 'owner' AND id <> :id LIMIT 1",
      soci::use(than.value), soci::into(id);
  return session.got_data();
}

/// The epochs of first..last; nullopt where there is no such user.
std::vector<std::optional<SessionEpoch>> epochs_of(soci::session& session, std::int64_t first,
                                                   std::int64_t last) {
  std::vector<std::optional<SessionEpoch>> epochs(static_cast<std::size_t>(last - first + 1));
  std::int64_t id = 0;
  SessionEpoch epoch = 0;
  soci::statement select = (session.prepare << "SELECT id, session_epoch FROM users "
                                               "WHERE id BETWEEN :first AND :last",
                            soci::use(first), soci::use(last), soci::into(id), soci::into(epoch));
  for (select.execute(); select.fetch();) epochs[static_cast<std::size_t>(id - first)] = epoch;
  return epochs;
}

/// Many rows a statement. The text holds integers and fixed words only, so nothing is to be quoted.
void insert_minted(soci::session& session, std::span<const std::int64_t> ids, Instant now) {
  const auto created_at = to_column(now);
  while (!ids.empty()) {
    const auto rows = ids.first(std::min(ids.size(), kUsersPerInsert));
    std::string sql =
        "INSERT INTO users (id, name, folded_name, password_hash, role, session_epoch, created_at) "
        "VALUES ";
    for (const auto id : rows) {
      if (id != rows.front()) sql += ',';
      sql += fmt::format("({0}, 'user{0}', 'user{0}', '!', 'buyer', 0, {1})", id, created_at);
    }
    session << sql;
    ids = ids.subspan(rows.size());
  }
}

}  // namespace

std::optional<SessionEpoch> raise_epoch(soci::session& session, UserId id, Instant now) {
  const auto raised_at = to_column(now);
  soci::statement update =
      (session.prepare << "UPDATE users SET session_epoch = session_epoch + 1, "
                          "epoch_raised_at = :now WHERE id = :id",
       soci::use(raised_at), soci::use(id.value));
  update.execute(true);
  if (update.get_affected_rows() != 1) return std::nullopt;
  // The revision's row stays locked until the commit, so that nobody reads a revision before all
  // epochs up to it are committed.
  raise_revision(session, kSessionsRevision);
  session << "UPDATE users SET epoch_revision = "
             "(SELECT r.revision FROM revisions r WHERE r.topic = 'sessions') WHERE id = :id",
      soci::use(id.value);
  SessionEpoch epoch = 0;
  session << "SELECT session_epoch FROM users WHERE id = :id", soci::use(id.value),
      soci::into(epoch);
  return epoch;
}

std::expected<UserId, Accounts::NameTaken> SqlAccounts::create(std::string_view name,
                                                               std::string_view password_hash,
                                                               UserRole role, Instant now) {
  using Result = std::expected<UserId, NameTaken>;
  const std::string its_name(name);
  const std::string folded_name = folded(name);
  const std::string hash(password_hash);
  const std::string its_role = to_column(role);
  const auto created_at = to_column(now);
  return database_.write([&](soci::session& session) -> Result {
    try {
      session << "INSERT INTO users (name, folded_name, password_hash, role, session_epoch, "
                 "created_at) VALUES (:name, :folded, :hash, :role, 0, :created_at)",
          soci::use(its_name), soci::use(folded_name), soci::use(hash), soci::use(its_role),
          soci::use(created_at);
    } catch (const soci::soci_error&) {
      if (database_.dialect().is_duplicate(session)) return std::unexpected(NameTaken{});
      throw;
    }
    long long id = 0;
    session.get_last_insert_id("users", id);
    return UserId{id};
  });
}

std::optional<User> SqlAccounts::find(UserId id) {
  return database_.read(
      [&](soci::session& session) { return select_user(session, "u.id = :id", id.value); });
}

std::optional<User> SqlAccounts::find_by_name(std::string_view name) {
  const std::string folded_name = folded(name);
  return database_.read([&](soci::session& session) {
    return select_user(session, "u.folded_name = :name", folded_name);
  });
}

std::vector<User> SqlAccounts::list(UserId after, std::size_t limit) {
  return database_.read([&](soci::session& session) {
    UserRow row;
    soci::statement select(session);
    row.define(select);
    select.exchange(soci::use(after.value));
    select.exchange(soci::use(limit));
    prepare(select, fmt::format("SELECT {} FROM users u WHERE u.id > :after ORDER BY u.id "
                                "LIMIT :most",
                                UserRow::kColumns));
    std::vector<User> users;
    for (select.execute(); select.fetch();) users.push_back(row.user());
    return users;
  });
}

std::optional<SessionEpoch> SqlAccounts::raise_epoch(UserId id, Instant now) {
  return database_.write(
      [&](soci::session& session) { return sql::raise_epoch(session, id, now); });
}

std::optional<SessionEpoch> SqlAccounts::set_password(UserId id, std::string_view hash,
                                                      Instant now) {
  const std::string its_hash(hash);
  return database_.write([&](soci::session& session) {
    session << "UPDATE users SET password_hash = :hash WHERE id = :id", soci::use(its_hash),
        soci::use(id.value);
    return sql::raise_epoch(session, id, now);
  });
}

std::optional<SessionEpoch> SqlAccounts::replace_password(UserId id, std::string_view old_hash,
                                                          std::string_view hash, Instant now) {
  const std::string before(old_hash);
  const std::string after(hash);
  return database_.write([&](soci::session& session) -> std::optional<SessionEpoch> {
    soci::statement update = (session.prepare << "UPDATE users SET password_hash = :hash "
                                                 "WHERE id = :id AND password_hash = :old",
                              soci::use(after), soci::use(id.value), soci::use(before));
    update.execute(true);
    if (update.get_affected_rows() != 1) return std::nullopt;
    return sql::raise_epoch(session, id, now);
  });
}

/// An operator whose row stays as it is until the commit, and may lose the role if it is one that
/// others have, too.
std::expected<SessionEpoch, Accounts::OperatorError> SqlAccounts::lock_operator(
    soci::session& session, UserId id, bool stays_owner, Instant now) {
  // First of all: from here on no other role changes until the commit (raise_epoch()).
  const auto epoch = sql::raise_epoch(session, id, now);
  const auto user = select_user(session, "u.id = :id", id.value);
  if (!epoch || !user || !is_of_console(user->role)) {
    return std::unexpected(OperatorError::kNoOperator);
  }
  if (user->role == UserRole::kOwner && !stays_owner && !other_owner(session, id)) {
    return std::unexpected(OperatorError::kLastOwner);
  }
  return *epoch;
}

template <class Change>
std::expected<SessionEpoch, Accounts::OperatorError> SqlAccounts::change_operator(UserId id,
                                                                                  bool stays_owner,
                                                                                  Instant now,
                                                                                  Change change) {
  Transaction transaction(database_, Access::kWrite);
  const auto epoch = transaction.run([&](soci::session& session) {
    auto locked = lock_operator(session, id, stays_owner, now);
    if (locked) change(session);
    return locked;
  });
  if (epoch) transaction.commit();  // else it rolls back
  return epoch;
}

std::expected<SessionEpoch, Accounts::OperatorError> SqlAccounts::set_role(UserId id, UserRole role,
                                                                           Instant now) {
  const std::string its_role = to_column(role);
  return change_operator(id, role == UserRole::kOwner, now, [&](soci::session& session) {
    session << "UPDATE users SET role = :role WHERE id = :id", soci::use(its_role),
        soci::use(id.value);
  });
}

std::expected<SessionEpoch, Accounts::OperatorError> SqlAccounts::remove_operator(UserId id,
                                                                                  Instant now) {
  return change_operator(id, false, now, [&](soci::session& session) {
    session << "UPDATE users SET role = 'buyer', password_hash = '!' WHERE id = :id",
        soci::use(id.value);
    session << "DELETE FROM second_factors WHERE user_id = :id", soci::use(id.value);
  });
}

RaisedEpochs SqlAccounts::epochs_raised(std::int64_t revision, Instant recent) {
  return database_.read([&](soci::session& session) {
    RaisedEpochs raised;
    session << "SELECT revision FROM revisions WHERE topic = 'sessions'",
        soci::into(raised.revision);
    const bool all = revision < 0 || revision > raised.revision;
    const std::int64_t from = all ? to_column(recent) : revision + 1;
    std::pair<UserId, SessionEpoch> row;
    soci::statement select =
        (session.prepare << fmt::format("SELECT id, session_epoch FROM users WHERE {} >= :since",
                                        all ? "epoch_raised_at" : "epoch_revision"),
         soci::use(from), soci::into(row.first.value), soci::into(row.second));
    for (select.execute(); select.fetch();) raised.epochs.push_back(row);
    return raised;
  });
}

std::vector<SessionEpoch> SqlAccounts::ensure_range(UserId first, UserId last, Instant now) {
  std::vector<SessionEpoch> epochs;
  for (std::int64_t from = first.value; from <= last.value; from += kUsersPerTransaction) {
    const std::int64_t to = std::min(from + kUsersPerTransaction - 1, last.value);
    database_.write([&](soci::session& session) {
      const auto known = epochs_of(session, from, to);
      std::vector<std::int64_t> missing;
      for (std::int64_t id = from; id <= to; ++id) {
        const auto& epoch = known[static_cast<std::size_t>(id - from)];
        if (!epoch) missing.push_back(id);
        epochs.push_back(epoch.value_or(0));
      }
      try {
        insert_minted(session, missing, now);
      } catch (const soci::soci_error&) {
        if (!database_.dialect().is_duplicate(session)) throw;
        throw StorageError(StorageError::Kind::kOther,
                           fmt::format("cannot make the users {} to {}: one of the names user{} to "
                                       "user{} belongs to a user with another id",
                                       from, to, from, to));
      }
    });
  }
  return epochs;
}

}  // namespace stampede::repositories::sql
