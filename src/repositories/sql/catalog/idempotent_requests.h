#pragma once

#include <cstdint>
#include <expected>
#include <optional>

#include "model/time.h"
#include "repositories/idempotent_request.h"
#include "repositories/sql/connection/database.h"

namespace stampede::repositories::sql {

/// The key belongs to another request.
struct KeyTaken {};

/// The result of the same request before; nullopt: the request is new. Call it in the write
/// transaction of the change.
std::expected<std::optional<std::int64_t>, KeyTaken> find_applied(soci::session& session,
                                                                  const IdempotentRequest& request);

/// Thrown by note_applied() if the same request was made by another process meanwhile.
struct AppliedMeanwhile {};

/// Stores the result of the request. Call it in the transaction of the change. Throws
/// AppliedMeanwhile.
void note_applied(Database& database, soci::session& session, const IdempotentRequest& request,
                  std::int64_t result, Instant now);

/// As database.write(work), and once more if another process made the same request meanwhile: then
/// find_applied() finds its result.
template <class Work>
auto write_once(Database& database, const Work& work) {
  try {
    return database.write(work);
  } catch (const AppliedMeanwhile&) {
    return database.write(work);
  }
}

}  // namespace stampede::repositories::sql
