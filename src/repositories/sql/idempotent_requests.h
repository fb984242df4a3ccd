#pragma once

#include <cstdint>
#include <expected>
#include <optional>

#include "model/time.h"
#include "repositories/idempotent_request.h"
#include "repositories/sql/connection/database.h"

namespace stampede::repositories::sql {

/// The key is of another request.
struct KeyTaken {};

/// What the request was answered with before; nullopt: it is a new one. In a write transaction.
std::expected<std::optional<std::int64_t>, KeyTaken> find_applied(soci::session& session,
                                                                  const IdempotentRequest& request);

/// Thrown by note_applied() if the same request was made by another process meanwhile.
struct AppliedMeanwhile {};

/// With the change itself, in its transaction.
void note_applied(Database& database, soci::session& session, const IdempotentRequest& request,
                  std::int64_t result, Instant now);

/// As database.write(work), and again if the same request came from two sides at once: the second
/// time `work` finds what the first to come was answered with.
template <class Work>
auto write_once(Database& database, const Work& work) {
  try {
    return database.write(work);
  } catch (const AppliedMeanwhile&) {
    return database.write(work);
  }
}

}  // namespace stampede::repositories::sql
