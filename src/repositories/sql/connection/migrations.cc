#include "repositories/sql/connection/migrations.h"

#include <fmt/format.h>
#include <soci/soci.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <string>

#include "embedded/schema.h"
#include "repositories/sql/connection/database.h"

namespace stampede::repositories::sql {
namespace {

constexpr std::string_view kVersionTable = "schema_version";

/// 0 for a database without any schema.
int version_of(soci::session& session) {
  std::string table;
  bool versioned = false;
  soci::statement tables = (session.prepare_table_names(), soci::into(table));
  tables.execute();
  while (tables.fetch()) versioned = versioned || table == kVersionTable;
  if (!versioned) return 0;
  int version = 0;
  session << "SELECT COALESCE(MAX(version), 0) FROM schema_version", soci::into(version);
  return version;
}

void refuse_newer(int found, int newest) {
  if (found <= newest) return;
  throw StorageError(StorageError::Kind::kNewerSchema,
                     fmt::format("the database has schema version {}, written by a newer stampede; "
                                 "this one knows versions up to {}",
                                 found, newest));
}

void apply_next(Database& database, const Migration& migration, int newest) {
  database.write([&](soci::session& session) {
    const int found = version_of(session);  // another process may have applied it meanwhile
    refuse_newer(found, newest);
    if (found >= migration.version) return;
    if (found == 0) {
      session << "CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL PRIMARY KEY, "
                 "name VARCHAR(100) NOT NULL)";
    }
    database.dialect().run_script(session, migration.sql);
    const std::string name(migration.name);
    session << "INSERT INTO schema_version (version, name) VALUES (:version, :name)",
        soci::use(migration.version), soci::use(name);
  });
}

}  // namespace

std::vector<Migration> embedded_migrations() {
  std::vector<Migration> migrations;
  for (const auto& file : embedded::schema()) {
    Migration migration{.name = file.path, .sql = file.bytes};
    std::from_chars(file.path.data(), file.path.data() + file.path.size(), migration.version);
    migrations.push_back(migration);
  }
  std::ranges::sort(migrations, {}, &Migration::version);
  for (std::size_t i = 0; i < migrations.size(); ++i) {
    if (migrations[i].version != static_cast<int>(i) + 1) {
      throw std::logic_error(
          fmt::format("schema/{} is out of turn: expected number {}", migrations[i].name, i + 1));
    }
  }
  return migrations;
}

void migrate(Database& database, std::span<const Migration> migrations) {
  // Held for the reading below too: a snapshot does not survive a change of the schema.
  const auto guard = database.dialect().guard_schema();
  const int newest = migrations.empty() ? 0 : migrations.back().version;
  const int found = database.read(version_of);
  refuse_newer(found, newest);
  for (const auto& migration : migrations.subspan(static_cast<std::size_t>(found))) {
    apply_next(database, migration, newest);
  }
}

}  // namespace stampede::repositories::sql
