#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace stampede::repositories::sql {

class Database;

/// One file of schema/, named NNN_name.sql; its version is NNN.
struct Migration {
  int version = 0;
  std::string_view name;
  std::string_view sql;
};

/// Those in the binary, in order: versions 1, 2, 3 and so on without a gap.
std::vector<Migration> embedded_migrations();

/// Applies those that the database has not seen, each in a transaction of its own, or again from
/// its beginning where that was not to be had and it was cut short. Several processes may do so at
/// once. Throws StorageError, kNewerSchema if the database has seen more than these.
void migrate(Database& database, std::span<const Migration> migrations);

}  // namespace stampede::repositories::sql
