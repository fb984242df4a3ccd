#pragma once

#include <chrono>
#include <filesystem>

namespace stampede::repositories::sql {

/// How often a call that waits for another process tries again.
inline constexpr std::chrono::milliseconds kRetryInterval{1};

/// A lock that each process takes before SQLite's own write lock, and releases once it has that.
/// SQLite's lock goes to whoever asks at the moment it is free, so a server that commits without
/// pause would starve every other process. With this one, a process that waits for the server's
/// running transaction keeps the server from beginning its next. For one thread. The kernel
/// releases the lock of a process that dies.
class FairWriteLock {
 public:
  /// Makes the lock file at `path` where it is missing. Throws StorageError.
  explicit FairWriteLock(const std::filesystem::path& path);
  ~FairWriteLock();
  FairWriteLock(const FairWriteLock&) = delete;
  FairWriteLock& operator=(const FairWriteLock&) = delete;

  /// Takes the lock; false if other processes held it for all of `patience`. Throws StorageError.
  [[nodiscard]] bool enter(std::chrono::milliseconds patience);
  void leave() noexcept;

 private:
  int file_;
};

}  // namespace stampede::repositories::sql
