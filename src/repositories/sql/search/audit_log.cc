#include "repositories/sql/search/audit_log.h"

#include "repositories/sql/connection/rows.h"

namespace stampede::repositories::sql {

void SqlAuditLog::append(std::string_view actor, std::string_view action, std::string_view subject,
                         Instant now) {
  const std::string who(actor);
  const std::string what(action);
  const std::string whom(subject);
  const auto created_at = to_column(now);
  database_.write([&](soci::session& session) {
    session << "INSERT INTO audit_log (actor, action, subject, created_at) "
               "VALUES (:actor, :action, :subject, :created_at)",
        soci::use(who), soci::use(what), soci::use(whom), soci::use(created_at);
  });
}

std::vector<AuditLog::Entry> SqlAuditLog::list(std::int64_t before, std::size_t limit) {
  const std::int64_t end = before == 0 ? kLastId : before;
  return database_.read([&](soci::session& session) {
    Entry entry;
    std::int64_t created_at = 0;
    soci::statement select =
        (session.prepare << "SELECT id, actor, action, subject, created_at FROM audit_log "
                            "WHERE id < :before ORDER BY id DESC LIMIT :most",
         soci::use(end), soci::use(limit), soci::into(entry.id), soci::into(entry.actor),
         soci::into(entry.action), soci::into(entry.subject), soci::into(created_at));
    std::vector<Entry> entries;
    for (select.execute(); select.fetch();) {
      entry.at = to_instant(created_at);
      entries.push_back(entry);
    }
    return entries;
  });
}

}  // namespace stampede::repositories::sql
