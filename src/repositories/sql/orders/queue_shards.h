#pragma once

#include <cstdint>

namespace stampede::repositories::sql {

class Database;

/// Makes the database count its orders in `shards` queue shards, 1 or more; every role of a cluster
/// does so at its start, and nothing happens where it is so already. The numbers of orders depend
/// on it: throws StorageError where there are orders under another count. Thread-safe; blocks.
void ensure_shards(Database& database, std::int32_t shards);

}  // namespace stampede::repositories::sql
