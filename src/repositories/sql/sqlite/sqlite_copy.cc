#include "repositories/sql/sqlite/sqlite_copy.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <memory>

#include "repositories/sql/sqlite/sqlite_handle.h"
#include "repositories/sql/sqlite/sqlite_use.h"

namespace stampede::repositories::sql {
namespace {

using Open = SqliteHandle::Open;

constexpr std::chrono::seconds kPatience{30};
constexpr int kPagesAtOnce = 1024;

}  // namespace

void copy_sqlite(const std::filesystem::path& from, const std::filesystem::path& to,
                 const std::function<void(std::int64_t, std::int64_t)>& progress) {
  SqliteHandle source(from, Open::kRead, kPatience);
  // Without a read transaction around it all, SQLite would start the copy over whenever another
  // process commits. Within one, every page is of the same snapshot.
  source.run("BEGIN");
  source.number("SELECT COUNT(*) FROM sqlite_schema");
  make_private_file(to);
  SqliteHandle target(to, Open::kWrite, kPatience);
  target.run("PRAGMA synchronous=OFF");  // the caller flushes the whole file
  std::unique_ptr<sqlite3_backup, decltype(&sqlite3_backup_finish)> copy(
      sqlite3_backup_init(target.get(), "main", source.get(), "main"), &sqlite3_backup_finish);
  if (!copy) target.fail(sqlite3_extended_errcode(target.get()));
  for (int code = SQLITE_OK; code != SQLITE_DONE;) {
    code = sqlite3_backup_step(copy.get(), kPagesAtOnce);
    if (code != SQLITE_OK && code != SQLITE_DONE) target.fail(code);
    const std::int64_t all = sqlite3_backup_pagecount(copy.get());
    progress((all - sqlite3_backup_remaining(copy.get())) * kSqlitePageBytes,
             all * kSqlitePageBytes);
  }
  const int finished = sqlite3_backup_finish(copy.release());
  if (finished != SQLITE_OK) target.fail(finished);
  declare_complete(target);
}

void check_sqlite(const std::filesystem::path& file) {
  SqliteHandle opened(file, Open::kRead, kPatience);
  const std::string found = opened.text("PRAGMA integrity_check(1)");
  if (found == "ok") return;
  throw StorageError(StorageError::Kind::kOther,
                     fmt::format("database {} is damaged: {}", file.string(), found));
}

int schema_version_of(const std::filesystem::path& file) {
  SqliteHandle opened(file, Open::kRead, kPatience);
  const bool any = opened.number(
      "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND name = 'schema_version'");
  if (!any) return 0;
  return static_cast<int>(opened.number("SELECT COALESCE(MAX(version), 0) FROM schema_version"));
}

}  // namespace stampede::repositories::sql
