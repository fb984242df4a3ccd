#pragma once

#include <chrono>
#include <filesystem>

namespace stampede::repositories::sql {

/// Calls that wait for another process look again this often.
inline constexpr std::chrono::milliseconds kRetryInterval{1};

/// A gate between processes that write to one SQLite database. SQLite's lock goes to whoever asks
/// in the moment it is free, so a server that commits without pause would starve everybody else.
/// Each writer passes the gate alone and holds it until the database is its own: while another
/// waits for the running transaction at the gate's far side, the server cannot begin the next.
/// For one thread. The system opens the gate of a process that dies.
class FairWriteLock {
 public:
  /// Makes the lock file at `path` where it is missing. Throws StorageError.
  explicit FairWriteLock(const std::filesystem::path& path);
  ~FairWriteLock();
  FairWriteLock(const FairWriteLock&) = delete;
  FairWriteLock& operator=(const FairWriteLock&) = delete;

  /// False if others held it for all of `patience`. Throws StorageError.
  [[nodiscard]] bool enter(std::chrono::milliseconds patience);
  void leave() noexcept;

 private:
  int file_;
};

}  // namespace stampede::repositories::sql
