#pragma once

#include <chrono>
#include <filesystem>
#include <optional>

#include "repositories/sql/sqlite/sqlite_handle.h"

namespace stampede::repositories::sql {

/// Orders come from random buyers, so a batch touches about one page of the unique index an order:
/// small pages halve what a commit has to write.
inline constexpr int kSqlitePageBytes = 2048;

/// The use of one SQLite file by this process; every connection to the file lives within it.
///
/// While a database is in use its newest orders are in the log beside it (`stampede.db-wal`) alone,
/// and a copy of the file without the log would open as an older shop. So the file itself says
/// whether it is complete: its `user_version` is 1 from before the first change until the last
/// process has closed it, and SQLite has written all of the log into it. A file that says 1 and has
/// no log beside it has lost orders, and is refused.
///
/// Which process is the last is told by a shared lock on `stampede.db-users`, which the kernel
/// releases when a process dies. Processes open and close the file one after another, under the
/// FairWriteLock.
class SqliteUse {
 public:
  /// Makes the file, for its owner alone, if it is missing. Throws StorageError: kOther if the log
  /// is missing, naming it; kFull, kBusy.
  SqliteUse(std::filesystem::path path, std::chrono::milliseconds patience);
  ~SqliteUse();
  SqliteUse(const SqliteUse&) = delete;
  SqliteUse& operator=(const SqliteUse&) = delete;

 private:
  void open(bool first);

  const std::filesystem::path path_;
  const std::chrono::milliseconds patience_;
  int users_ = -1;
  std::optional<SqliteHandle> connection_;  // the last one of this process
};

/// Makes the file, which holds password hashes, for its owner alone, unless it is there. Throws
/// StorageError.
void make_private_file(const std::filesystem::path& path);

/// Puts a file that nobody else uses into the state of one that is complete without a log. What was
/// in a log that is missing is given up. Throws StorageError.
void declare_complete(SqliteHandle& file);

}  // namespace stampede::repositories::sql
