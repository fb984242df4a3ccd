#include "app/config/data_dir.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include "identity/key_ring.h"

namespace stampede::app {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& path, const char* what, int error) {
  const std::string words = fmt::format("{}: {}: {}", path.string(), what, std::strerror(error));
  if (is_lasting(error)) throw DataDirError(words);
  throw DataDirBusy(words);
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

/// A shop whose database is still called partial would look like one that was never there.
void refuse_cut_restore(const fs::path& dir) {
  std::error_code failure;
  if (!fs::exists(database_path(dir) += kPartial, failure)) return;
  throw DataDirError(
      fmt::format("{}: a restore into it has not finished, or was cut short; expected a shop. Run "
                  "`stampede restore` again",
                  dir.string()));
}

/// A file of the shop that another account made: named before it is in the way.
void refuse_foreign_files(const fs::path& dir) {
  std::error_code failure;
  for (const auto& entry : fs::directory_iterator(dir, failure)) {
    const std::string name = entry.path().filename().string();
    const bool ours = name == "lock" || name.starts_with("keys") || name.starts_with("stampede.db");
    struct stat status {};
    if (geteuid() == 0 || !ours || lstat(entry.path().c_str(), &status) != 0 ||
        status.st_uid == geteuid()) {
      continue;
    }
    throw DataDirError(
        fmt::format("{}: belongs to account {}, and this is account {}; expected one owner of all "
                    "files of a shop: chown them",
                    entry.path().string(), status.st_uid, geteuid()));
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

bool is_lasting(int error) {
  constexpr std::array kLasting{EACCES, EPERM, EROFS, ENOTDIR, ELOOP, ENAMETOOLONG, ENOENT};
  return std::ranges::find(kLasting, error) != kLasting.end();
}

bool make_private_directory(const fs::path& dir) {
  std::error_code failure;
  if (const fs::path parent = fs::absolute(dir).parent_path(); !parent.empty()) {
    fs::create_directories(parent, failure);
    if (failure) fail(parent, "cannot make this directory", failure.value());
  }
  const bool made = mkdir(dir.c_str(), 0700) == 0;
  if (!made && errno != EEXIST) fail(dir, "cannot make this directory", errno);
  if (!fs::is_directory(dir, failure)) {
    throw DataDirError(fmt::format("{}: is not a directory; expected one", dir.string()));
  }
  return made;
}

void prepare_data_dir(const fs::path& dir) {
  make_private_directory(dir);
  refuse_foreign_files(dir);
  refuse_cut_restore(dir);
  // Asked first: whoever makes a new shop at the same time makes its keys before its database.
  std::error_code failure;
  const bool has_database = fs::exists(database_path(dir), failure);
  if (has_database && !fs::exists(key_path(dir), failure)) {
    throw DataDirError(fmt::format(
        "{}: is missing beside the database; expected the keys of this shop, without which every "
        "login and captcha of its buyers ends. If they are lost, `stampede keys create --data {}` "
        "makes new ones",
        key_path(dir).string(), dir.string()));
  }
  make_keys(key_path(dir));
  identity::remove_key_drafts(key_path(dir));
}

void prepare_keys(const fs::path& dir) {
  make_private_directory(dir);
  make_keys(key_path(dir));
}

void require_data_dir(const fs::path& dir) {
  refuse_foreign_files(dir);
  refuse_cut_restore(dir);
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
    throw DataDirBusy(
        fmt::format("{}: {} serves from this data directory already; stop it first, or give --data "
                    "another directory",
                    dir.string(), owner));
  }
  const std::string pid = fmt::format("{}\n", getpid());
  const bool written = ftruncate(file_, 0) == 0 && pwrite(file_, pid.data(), pid.size(), 0) >= 0;
  // The lock holds without the number, which a full disk does not take.
  if (!written && errno != ENOSPC) {
    const int error = errno;
    close(file_);
    fail(path, "cannot be written", error);
  }
}

DataDirLock::~DataDirLock() { close(file_); }

}  // namespace stampede::app
