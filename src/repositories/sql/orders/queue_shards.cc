#include "repositories/sql/orders/queue_shards.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "repositories/sql/connection/database.h"
#include "repositories/sql/connection/rows.h"

namespace stampede::repositories::sql {

void ensure_shards(Database& database, std::int32_t shards) {
  if (shards < 1) {
    throw std::invalid_argument(fmt::format("{} queue shards; expected 1 or more", shards));
  }
  database.write([&](soci::session& session) {
    std::int32_t known = 0;
    std::int64_t last_seq = 0, newest = 0;
    // Locks the rows, so that of two processes that start at once the second sees the first one's.
    soci::statement select =
        (session.prepare << fmt::format("SELECT last_seq FROM queue_shards ORDER BY shard{}",
                                        database.dialect().for_update()),
         soci::into(last_seq));
    for (select.execute(); select.fetch(); ++known) newest = std::max(newest, last_seq);
    if (known == shards) return;
    if (newest != 0) {
      throw StorageError(
          StorageError::Kind::kOther,
          fmt::format("the database numbers its orders in {} queue shard{}; expected "
                      "{}, or a database without orders",
                      known, known == 1 ? "" : "s", shards));
    }
    session << "DELETE FROM queue_shards WHERE shard >= :shards", soci::use(shards);
    for (std::int32_t shard = known; shard < shards; ++shard) {
      session << "INSERT INTO queue_shards (shard, last_seq) VALUES (:shard, 0)", soci::use(shard);
    }
  });
}

}  // namespace stampede::repositories::sql
