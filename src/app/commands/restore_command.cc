#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "app/backup/audited_copy.h"
#include "app/backup/backup_manifest.h"
#include "app/commands/commands.h"
#include "app/config/data_dir.h"
#include "app/terminal/progress.h"
#include "identity/key_file.h"
#include "repositories/sql/sqlite/sqlite_copy.h"
#include "repositories/sql/sqlite/sqlite_use.h"

namespace stampede::app {
namespace {

namespace fs = std::filesystem;

std::expected<BackupManifest, std::string> facts_of(const fs::path& from) {
  const fs::path path = from / BackupManifest::kFile;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return std::unexpected(fmt::format(
        "{}: has no {}, so it is no whole backup; expected a folder that `stampede backup` "
        "finished. (The folder of a shop that was stopped is served from as it is.)",
        from.string(), BackupManifest::kFile));
  }
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  auto manifest = parse_backup_manifest(text);
  if (!manifest) return std::unexpected(fmt::format("{}: {}", path.string(), manifest.error()));
  return manifest;
}

Done copy_whole(FolderDraft& folder, const fs::path& from, const std::string& name,
                const Fingerprint& expected) {
  const fs::path file = from / name;
  std::error_code missing;
  if (!fs::exists(file, missing)) {
    return std::unexpected(fmt::format("{}: is missing; expected the whole backup", file.string()));
  }
  Progress progress("copying", expected.bytes);
  const Fingerprint found =
      folder.copy(file, name, [&](std::int64_t bytes) { progress.advance(bytes); });
  if (found.bytes != expected.bytes) {
    return std::unexpected(fmt::format("{}: has {} bytes; expected {}, as the backup had",
                                       file.string(), found.bytes, expected.bytes));
  }
  if (found != expected) {
    return std::unexpected(fmt::format("{}: is not what the backup had (SHA-256 {}; expected {})",
                                       file.string(), found.sha256, expected.sha256));
  }
  return {};
}

/// The two files as they are, from a folder that lost the database's log.
Done copy_without_log(FolderDraft& folder, const fs::path& from) {
  const fs::path log = database_path(from).string() + "-wal";
  std::error_code missing;
  if (fs::exists(log, missing)) {
    return std::unexpected(fmt::format(
        "{}: is there, so nothing is lost; expected a folder without it. Serve from a copy of {} "
        "with all its files",
        log.string(), from.string()));
  }
  for (const fs::path& file : {database_path(from), key_path(from)}) {
    if (!fs::exists(file, missing)) {
      return std::unexpected(
          fmt::format("{}: is missing; expected the database and the keys", file.string()));
    }
    folder.copy(file, file.filename().string());
  }
  repositories::sql::SqliteHandle database(folder.path(database_path({}).string()),
                                           repositories::sql::SqliteHandle::Open::kWrite,
                                           std::chrono::seconds{30});
  repositories::sql::declare_complete(database);
  return {};
}

Done check_audited_copy(const BackupManifest::AuditedCopy& found,
                        const BackupManifest::AuditedCopy& expected) {
  if (found == expected) return {};
  return std::unexpected(fmt::format("the copy has {}; expected {}, as the backup had",
                                     in_words(found), in_words(expected)));
}

}  // namespace

Done restore(const Config& config, const Restore& options) {
  if (!config.database.address.empty()) {
    return std::unexpected(
        fmt::format("this configuration's orders are in MariaDB at {}; expected a shop of "
                    "`stampede serve`",
                    config.database.address));
  }
  const std::string database_name = database_path({}).string();
  const std::string keys_name = key_path({}).string();
  std::optional<BackupManifest> manifest;
  if (!options.without_log) {
    auto read = facts_of(options.from);
    if (!read) return std::unexpected(read.error());
    manifest = *std::move(read);
  }
  FolderDraft folder(config.data.dir, {keys_name, database_name});
  if (manifest) {
    const auto keys = copy_whole(folder, options.from, keys_name, manifest->keys);
    if (!keys) return keys;
    const auto database = copy_whole(folder, options.from, database_name, manifest->database);
    if (!database) return database;
  } else if (const auto copied = copy_without_log(folder, options.from); !copied) {
    return copied;
  }
  identity::read_key_file(folder.path(keys_name));  // throws what is wrong with it
  const fs::path database = folder.path(database_name);
  repositories::sql::check_sqlite(database);
  // Brings an older schema up to date, and refuses a newer one.
  const BackupManifest::AuditedCopy audited = audit_copy({.path = database});
  if (manifest) {
    if (const auto checked = check_audited_copy(audited, manifest->audited); !checked)
      return checked;
  }
  folder.publish();
  fmt::print("{}: {}\n", config.data.dir.string(), in_words(audited));
  if (audited.clean) return {};
  return std::unexpected("restored, but its units do not add up; `stampede audit` says where");
}

}  // namespace stampede::app
