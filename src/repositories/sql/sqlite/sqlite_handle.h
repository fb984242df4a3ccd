#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>

#include "repositories/storage_error.h"

struct sqlite3;

namespace stampede::repositories::sql {

/// Sets how this process uses SQLite. Call it before the first connection is opened; further calls
/// do nothing.
void configure_sqlite();

/// The kind of an extended result code of SQLite. `committing`: the statement was COMMIT.
StorageError::Kind kind_of_sqlite(int code, bool committing);

/// A connection to a SQLite file without SOCI, for what SOCI cannot ask for. The log stays when it
/// closes, unless delete_log_on_close() was called. Every method throws StorageError. For one
/// thread.
class SqliteHandle {
 public:
  enum class Open { kRead, kWrite, kMake };
  /// Waits for locks of other processes as long as `patience`.
  SqliteHandle(std::filesystem::path path, Open open, std::chrono::milliseconds patience);
  ~SqliteHandle();
  SqliteHandle(const SqliteHandle&) = delete;
  SqliteHandle& operator=(const SqliteHandle&) = delete;

  void run(const char* sql);
  /// Of the first column of the first row.
  std::int64_t number(const char* sql);
  std::string text(const char* sql);
  /// Writes all of the log into the file itself and empties the log. False if another connection
  /// reads from it still.
  bool checkpoint();
  /// When this is the last connection of any process, the log goes into the file and is deleted.
  void delete_log_on_close();

  sqlite3* get() const { return handle_; }
  [[noreturn]] void fail(int code) const;

 private:
  const std::filesystem::path path_;
  sqlite3* handle_ = nullptr;
};

}  // namespace stampede::repositories::sql
