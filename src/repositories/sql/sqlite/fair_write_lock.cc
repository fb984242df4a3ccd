#include "repositories/sql/sqlite/fair_write_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <thread>

#include "repositories/storage_error.h"

namespace stampede::repositories::sql {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw StorageError(StorageError::Kind::kOther,
                     what + ": " + std::generic_category().message(errno));
}

}  // namespace

FairWriteLock::FairWriteLock(const std::filesystem::path& path)
    : file_(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
  if (file_ < 0) fail("cannot open the lock file " + path.string());
}

FairWriteLock::~FairWriteLock() { close(file_); }

bool FairWriteLock::enter(std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (flock(file_, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) fail("cannot take the lock of writers to the database");
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(kRetryInterval);
  }
  return true;
}

void FairWriteLock::leave() noexcept { flock(file_, LOCK_UN); }

}  // namespace stampede::repositories::sql
