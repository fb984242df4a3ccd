#pragma once

#include <filesystem>
#include <stdexcept>
#include <string_view>

namespace stampede::app {

/// A data directory that cannot be used. what() names it, what was wrong and what to do.
class DataDirError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// This errno stays until somebody changes something; others, such as a full disk, may pass.
bool is_lasting(int error);

/// One that cannot be used now, and perhaps later: another process has it, or the disk is full.
class DataDirBusy : public DataDirError {
 public:
  using DataDirError::DataDirError;
};

inline std::filesystem::path database_path(const std::filesystem::path& dir) {
  return dir / "stampede.db";
}
inline std::filesystem::path key_path(const std::filesystem::path& dir) { return dir / "keys"; }

/// What a file is called until it is whole: its name and this.
inline constexpr std::string_view kPartial = ".partial";

/// Makes `dir`, of mode 0700, and its parents; true unless it was there. Throws DataDirError.
bool make_private_directory(const std::filesystem::path& dir);

/// Makes `dir` and, if it holds no database yet, its key file (mode 0600); safe against another
/// process that does the same. Throws DataDirError, also for a database without its keys and for a
/// restore that was cut short. Opening the database makes the rest.
void prepare_data_dir(const std::filesystem::path& dir);

/// Makes `dir` and its key file where they are missing, whatever else is in it. Throws
/// DataDirError.
void prepare_keys(const std::filesystem::path& dir);

/// For commands that only read or change: throws DataDirError if `dir` holds no database.
void require_data_dir(const std::filesystem::path& dir);

/// The right to serve from a data directory: one process at a time has it. The kernel gives it back
/// when the process ends, however it ends.
class DataDirLock {
 public:
  /// Throws DataDirError, and DataDirBusy naming the process that has it.
  explicit DataDirLock(const std::filesystem::path& dir);
  ~DataDirLock();
  DataDirLock(const DataDirLock&) = delete;
  DataDirLock& operator=(const DataDirLock&) = delete;

 private:
  int file_ = -1;
};

}  // namespace stampede::app
