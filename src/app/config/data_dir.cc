#include "app/config/data_dir.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include "identity/key_ring.h"

namespace stampede::app {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& path, const char* what, int error) {
  throw DataDirError(fmt::format("{}: {}: {}", path.string(), what, std::strerror(error)));
}

void make_directory(const fs::path& dir) {
  std::error_code failure;
  if (const fs::path parent = fs::absolute(dir).parent_path(); !parent.empty()) {
    fs::create_directories(parent, failure);
    if (failure) fail(parent, "cannot make this directory", failure.value());
  }
  if (mkdir(dir.c_str(), 0700) != 0 && errno != EEXIST) {
    fail(dir, "cannot make the data directory", errno);
  }
  if (!fs::is_directory(dir, failure)) {
    throw DataDirError(
        fmt::format("{}: is not a directory; expected the data directory", dir.string()));
  }
}

void make_keys(const fs::path& path) {
  std::error_code failure;
  if (fs::exists(path, failure)) return;
  try {
    identity::KeyRing::create(path);
  } catch (const identity::KeyFileError&) {
    // Another process that starts at the same time may have made it since: then it is ours too.
    if (!fs::exists(path, failure)) throw;
  }
}

/// The process id that the holder of the lock wrote, for the message.
std::string holder(int file) {
  std::array<char, 32> text;
  const ssize_t size = pread(file, text.data(), text.size(), 0);
  if (size <= 0) return "another process";
  std::string_view pid{text.data(), static_cast<std::size_t>(size)};
  return fmt::format("process {}", pid.substr(0, pid.find('\n')));
}

}  // namespace

void prepare_data_dir(const fs::path& dir) {
  make_directory(dir);
  make_keys(key_path(dir));
}

void require_data_dir(const fs::path& dir) {
  std::error_code failure;
  if (fs::exists(database_path(dir), failure)) return;
  throw DataDirError(fmt::format(
      "{}: holds no Stampede database; expected the data directory of a shop (`stampede serve` or "
      "`stampede product add` makes one)",
      dir.string()));
}

DataDirLock::DataDirLock(const fs::path& dir) {
  const fs::path path = dir / "lock";
  file_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file_ < 0) fail(path, "cannot be opened", errno);
  if (flock(file_, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    const std::string owner = holder(file_);
    close(file_);
    if (error != EWOULDBLOCK) fail(path, "cannot be locked", error);
    throw DataDirError(
        fmt::format("{}: {} serves from this data directory already; stop it first, or give --data "
                    "another directory",
                    dir.string(), owner));
  }
  const std::string pid = fmt::format("{}\n", getpid());
  if (ftruncate(file_, 0) != 0 || pwrite(file_, pid.data(), pid.size(), 0) < 0) {
    const int error = errno;
    close(file_);
    fail(path, "cannot be written", error);
  }
}

DataDirLock::~DataDirLock() { close(file_); }

}  // namespace stampede::app
