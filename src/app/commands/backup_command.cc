#include <fmt/format.h>

#include <optional>

#include "app/backup/audited_copy.h"
#include "app/backup/backup_manifest.h"
#include "app/commands/command_context.h"
#include "app/commands/commands.h"
#include "app/config/data_dir.h"
#include "app/terminal/progress.h"
#include "identity/key_file.h"
#include "repositories/sql/sqlite/sqlite_copy.h"

namespace stampede::app {
namespace {

namespace fs = std::filesystem;

void copy_database(const fs::path& from, const fs::path& to) {
  std::optional<Progress> progress;
  std::int64_t before = 0;
  repositories::sql::copy_sqlite(from, to, [&](std::int64_t copied, std::int64_t all) {
    if (!progress) progress.emplace("copying", all);
    progress->advance(copied - before);
    before = copied;
  });
}

Fingerprint read_again(const fs::path& file) {
  Progress progress("reading the copy", static_cast<std::int64_t>(fs::file_size(file)));
  return fingerprint_of(file, [&](std::int64_t bytes) { progress.advance(bytes); });
}

}  // namespace

Done backup(const Config& config, const fs::path& to) {
  if (!config.database.address.empty()) {
    return std::unexpected(fmt::format(
        "this configuration's orders are in MariaDB at {}, which `stampede backup` does not copy; "
        "expected a shop of `stampede serve`. Use mariadb-backup, or `mariadb-dump "
        "--single-transaction {}`, and copy {} too",
        config.database.address, config.database.name, key_path(config.data.dir).string()));
  }
  CommandContext context(config, CommandContext::Missing::kRefuse);
  const std::string database_name = database_path({}).string();
  const std::string keys_name = key_path({}).string();
  FolderDraft folder(to, {database_name, keys_name, BackupManifest::kFile});
  const fs::path database = folder.path(database_name);
  copy_database(database_path(config.data.dir), database);
  // Behind the orders: a key that was made meanwhile still opens what the one before it sealed.
  identity::create_key_file(folder.path(keys_name), identity::read_key_file(context.keys().file()));
  repositories::sql::check_sqlite(database);
  const BackupManifest manifest{.created_at = read_clocks().wall,
                                .schema = repositories::sql::schema_version_of(database),
                                .database = read_again(database),
                                .keys = fingerprint_of(folder.path(keys_name)),
                                .audited = audit_copy({.path = database, .read_only = true})};
  folder.write(BackupManifest::kFile, as_json(manifest));
  folder.publish();
  fmt::print("{}: {}, {} bytes\n", to.string(), in_words(manifest.audited),
             manifest.database.bytes);
  if (manifest.audited.clean) return {};
  return std::unexpected(
      "the backup is whole, but the units in it do not add up; `stampede audit` says where");
}

}  // namespace stampede::app
