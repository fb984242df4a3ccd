#include "repositories/sql/accounts/blacklist.h"

#include <string>

#include "repositories/sql/connection/rows.h"

namespace stampede::repositories::sql {

void SqlBlacklist::put(std::span<const BlacklistEntry> entries) {
  if (entries.empty()) return;
  database_.write([&](soci::session& session) {
    // This comes first and locks the revision's row until the commit, so that nobody adds an entry
    // between the SELECT and the REPLACE below.
    raise_revision(session, kBlacklistRevision);
    for (const auto& entry : entries) {
      Nullable expires_at(entry.expires_at);
      const auto created_at = to_column(entry.created_at);
      if (entry.expires_at) {
        const auto until = to_column(*entry.expires_at);
        int longer = 0;
        session << "SELECT COUNT(*) FROM blacklist WHERE user_id = :user "
                   "AND (expires_at IS NULL OR expires_at > :until)",
            soci::use(entry.user.value), soci::use(until), soci::into(longer);
        if (longer != 0) continue;
      }
      session << "REPLACE INTO blacklist (user_id, reason, expires_at, created_at) "
                 "VALUES (:user, :reason, :expires_at, :created_at)",
          soci::use(entry.user.value), soci::use(entry.reason), use(expires_at),
          soci::use(created_at);
    }
  });
}

bool SqlBlacklist::remove(UserId user) {
  return database_.write([&](soci::session& session) {
    soci::statement remove =
        (session.prepare << "DELETE FROM blacklist WHERE user_id = :user", soci::use(user.value));
    remove.execute(true);
    const bool removed = remove.get_affected_rows() > 0;  // of the session's last statement
    raise_revision(session, kBlacklistRevision);
    return removed;
  });
}

HeldBans SqlBlacklist::list(Instant now) {
  return database_.read([&](soci::session& session) {
    HeldBans held{.revision = read_revisions(session).blacklist, .entries = {}};
    const auto instant = to_column(now);
    BlacklistEntry entry;
    Nullable expires_at;
    std::int64_t created_at = 0;
    soci::statement select =
        (session.prepare << "SELECT user_id, reason, expires_at, created_at FROM blacklist "
                            "WHERE expires_at IS NULL OR expires_at > :now ORDER BY user_id",
         soci::use(instant), soci::into(entry.user.value), soci::into(entry.reason),
         into(expires_at), soci::into(created_at));
    for (select.execute(); select.fetch();) {
      entry.expires_at = expires_at.instant();
      entry.created_at = to_instant(created_at);
      held.entries.push_back(entry);
    }
    return held;
  });
}

}  // namespace stampede::repositories::sql
