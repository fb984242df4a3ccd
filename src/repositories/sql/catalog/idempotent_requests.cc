#include "repositories/sql/catalog/idempotent_requests.h"

#include <soci/soci.h>

#include <string>

#include "repositories/sql/connection/rows.h"

namespace stampede::repositories::sql {

std::expected<std::optional<std::int64_t>, KeyTaken> find_applied(
    soci::session& session, const IdempotentRequest& request) {
  const std::string key(request.key.text());
  std::string content;
  std::int64_t result = 0;
  session << "SELECT content, result FROM operations WHERE idempotency_key = :key", soci::use(key),
      soci::into(content), soci::into(result);
  if (!session.got_data()) return std::nullopt;
  if (content != request.content) return std::unexpected(KeyTaken{});
  return result;
}

void note_applied(Database& database, soci::session& session, const IdempotentRequest& request,
                  std::int64_t result, Instant now) {
  const std::string key(request.key.text());
  const auto created_at = to_column(now);
  try {
    session << "INSERT INTO operations (idempotency_key, content, result, created_at) "
               "VALUES (:key, :content, :result, :created_at)",
        soci::use(key), soci::use(request.content), soci::use(result), soci::use(created_at);
  } catch (const soci::soci_error&) {
    if (database.dialect().is_duplicate(session)) throw AppliedMeanwhile{};
    throw;
  }
}

}  // namespace stampede::repositories::sql
