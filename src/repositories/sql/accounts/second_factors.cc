#include "repositories/sql/accounts/second_factors.h"

#include "repositories/sql/accounts/accounts.h"
#include "repositories/sql/connection/rows.h"

namespace stampede::repositories::sql {

std::optional<SecondFactors::Stored> SqlSecondFactors::find(UserId user) {
  return database_.read([&](soci::session& session) -> std::optional<Stored> {
    Stored stored;
    session << "SELECT secret, last_step FROM second_factors WHERE user_id = :user",
        soci::use(user.value), soci::into(stored.secret), soci::into(stored.last_step);
    if (!session.got_data()) return std::nullopt;
    return stored;
  });
}

bool SqlSecondFactors::add(UserId user, std::string_view secret, std::int64_t step, Instant now) {
  const std::string its_secret(secret);
  const auto created_at = to_column(now);
  return database_.write([&](soci::session& session) {
    try {
      session << "INSERT INTO second_factors (user_id, secret, last_step, created_at) "
                 "VALUES (:user, :secret, :step, :created_at)",
          soci::use(user.value), soci::use(its_secret), soci::use(step), soci::use(created_at);
    } catch (const soci::soci_error&) {
      if (database_.dialect().is_duplicate(session)) return false;
      throw;
    }
    raise_epoch(session, user, now);
    return true;
  });
}

void SqlSecondFactors::put(UserId user, std::string_view secret, Instant now) {
  const std::string its_secret(secret);
  const auto created_at = to_column(now);
  database_.write([&](soci::session& session) {
    session << "DELETE FROM second_factors WHERE user_id = :user", soci::use(user.value);
    session << "INSERT INTO second_factors (user_id, secret, last_step, created_at) "
               "VALUES (:user, :secret, 0, :created_at)",
        soci::use(user.value), soci::use(its_secret), soci::use(created_at);
    raise_epoch(session, user, now);
  });
}

bool SqlSecondFactors::remove(UserId user, Instant now) {
  return database_.write([&](soci::session& session) {
    soci::statement erase = (session.prepare << "DELETE FROM second_factors WHERE user_id = :user",
                             soci::use(user.value));
    erase.execute(true);
    const bool had_one = erase.get_affected_rows() == 1;
    if (had_one) raise_epoch(session, user, now);
    return had_one;
  });
}

bool SqlSecondFactors::accept(UserId user, std::int64_t step, std::string_view before,
                              std::string_view secret) {
  const std::string old_secret(before);
  const std::string new_secret(secret);
  return database_.write([&](soci::session& session) {
    soci::statement update =
        (session.prepare << "UPDATE second_factors SET last_step = :step, secret = :secret "
                            "WHERE user_id = :user AND secret = :before AND last_step < :earlier",
         soci::use(step), soci::use(new_secret), soci::use(user.value), soci::use(old_secret),
         soci::use(step));
    update.execute(true);
    return update.get_affected_rows() == 1;
  });
}

}  // namespace stampede::repositories::sql
