#include "repositories/sql/sqlite/sqlite_handle.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <memory>
#include <mutex>
#include <utility>

namespace stampede::repositories::sql {
namespace {

using Kind = StorageError::Kind;
using Statement = std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)>;

Statement first_row(const SqliteHandle& handle, const char* sql) {
  sqlite3_stmt* prepared = nullptr;
  const int code = sqlite3_prepare_v2(handle.get(), sql, -1, &prepared, nullptr);
  Statement statement(prepared, &sqlite3_finalize);
  if (code != SQLITE_OK) handle.fail(code);
  if (const int step = sqlite3_step(prepared); step != SQLITE_ROW) handle.fail(step);
  return statement;
}

}  // namespace

void configure_sqlite() {
  static std::once_flag once;
  // By default SQLite takes a lock in each call and, to count memory, in each allocation. Here a
  // connection belongs to one thread at a time, and nobody asks for the count.
  std::call_once(once, [] {
    sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  });
}

StorageError::Kind kind_of_sqlite(int code, bool committing) {
  if (code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC) return Kind::kDurability;
  // The log's index grows only after the log was flushed, so the commit may hold although the disk
  // was too full for the index.
  const bool index_grows = code == SQLITE_IOERR_SHMSIZE || code == SQLITE_IOERR_SHMMAP;
  if (index_grows) return committing ? Kind::kOutcomeUnknown : Kind::kFull;
  switch (code & 0xff) {
    case SQLITE_FULL:
      return Kind::kFull;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Kind::kBusy;
    case SQLITE_CONSTRAINT:
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
      return Kind::kRefused;
    // Part of the transaction may be in the log, and no later flush would report that.
    case SQLITE_IOERR:
      return committing ? Kind::kDurability : Kind::kOther;
    default:
      return Kind::kOther;
  }
}

SqliteHandle::SqliteHandle(std::filesystem::path path, Open open,
                           std::chrono::milliseconds patience)
    : path_(std::move(path)) {
  configure_sqlite();
  int flags = SQLITE_OPEN_READONLY;
  if (open != Open::kRead) flags = SQLITE_OPEN_READWRITE;
  if (open == Open::kMake) flags |= SQLITE_OPEN_CREATE;
  const int code = sqlite3_open_v2(path_.c_str(), &handle_, flags, nullptr);
  if (code != SQLITE_OK) {
    const std::string words = sqlite3_errstr(code);
    sqlite3_close(handle_);
    throw StorageError(kind_of_sqlite(code, false),
                       fmt::format("cannot open the database {}: {}", path_.string(), words));
  }
  sqlite3_extended_result_codes(handle_, 1);
  sqlite3_busy_timeout(handle_, static_cast<int>(patience.count()));
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

SqliteHandle::~SqliteHandle() { sqlite3_close(handle_); }

void SqliteHandle::run(const char* sql) {
  const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(code);
}

std::int64_t SqliteHandle::number(const char* sql) {
  return sqlite3_column_int64(first_row(*this, sql).get(), 0);
}

std::string SqliteHandle::text(const char* sql) {
  const Statement row = first_row(*this, sql);
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(row.get(), 0));
  return bytes == nullptr ? "" : bytes;
}

bool SqliteHandle::checkpoint() {
  const int code =
      sqlite3_wal_checkpoint_v2(handle_, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  if ((code & 0xff) == SQLITE_BUSY) return false;
  if (code != SQLITE_OK) fail(code);
  return true;
}

void SqliteHandle::delete_log_on_close() {
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
}

void SqliteHandle::fail(int code) const {
  throw StorageError(kind_of_sqlite(code, false),
                     fmt::format("database {}: {} (SQLite code {})", path_.string(),
                                 sqlite3_errmsg(handle_), code));
}

}  // namespace stampede::repositories::sql
