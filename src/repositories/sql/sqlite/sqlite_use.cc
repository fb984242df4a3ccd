#include "repositories/sql/sqlite/sqlite_use.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>

#include "repositories/sql/sqlite/fair_write_lock.h"
#include "telemetry/log.h"

namespace stampede::repositories::sql {
namespace {

using Kind = StorageError::Kind;
namespace fs = std::filesystem;

// "Stmp". A file without it was made by a release that did not mark complete files.
constexpr std::uint32_t kApplication = 0x53746D70;
constexpr std::uint32_t kInUse = 1;
constexpr const char* kMarkInUse =
    "BEGIN IMMEDIATE; PRAGMA application_id=0x53746D70; PRAGMA user_version=1; COMMIT";

fs::path beside(fs::path path, const char* ending) { return path += ending; }

[[noreturn]] void fail(const fs::path& path, const char* what) {
  throw StorageError(
      errno == ENOSPC ? Kind::kFull : Kind::kOther,
      fmt::format("{} {}: {}", what, path.string(), std::generic_category().message(errno)));
}

/// The header in the file itself, whatever its log says (https://sqlite.org/fileformat2.html,
/// "The Database Header").
struct Header {
  bool logged = false;    // the database uses a write-ahead log
  bool one_page = false;  // the file holds no table
  std::uint32_t user_version = 0;
  std::uint32_t application = 0;
};

/// nullopt: a file that is empty, or no database.
std::optional<Header> read_header(const fs::path& path) {
  constexpr std::string_view kMagic{"SQLite format 3\0", 16};
  std::array<unsigned char, 100> bytes{};
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) fail(path, "cannot open the database");
  const ssize_t read = ::pread(file, bytes.data(), bytes.size(), 0);
  const off_t size = ::lseek(file, 0, SEEK_END);
  ::close(file);
  if (read < static_cast<ssize_t>(bytes.size())) return std::nullopt;
  if (!std::equal(kMagic.begin(), kMagic.end(), bytes.begin())) return std::nullopt;
  const auto number = [&](std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) value = value << 8 | bytes[at + i];
    return value;
  };
  return Header{.logged = bytes[18] == 2,
                .one_page = size <= kSqlitePageBytes,
                .user_version = number(60),
                .application = number(68)};
}

/// A release without the mark kept everything in the log until the first 64 MB were written.
bool needs_its_log(const Header& header) {
  if (header.application == kApplication) return header.user_version == kInUse;
  return header.logged && header.one_page;
}

[[noreturn]] void refuse_without_log(const fs::path& path) {
  throw StorageError(
      Kind::kOther,
      fmt::format(
          "database {0}: its log {0}-wal is missing, and with it the newest orders; expected the "
          "log of the shop that this file was copied from, or a folder that `stampede backup` "
          "made. If the log is lost for good, or if sqlite3 has opened this file since its shop "
          "was "
          "killed and put the log into it, `stampede restore {1} --without-log --data NEW` takes "
          "what is there",
          path.string(), path.parent_path().string()));
}

}  // namespace

void make_private_file(const fs::path& path) {
  if (path.empty() || path.string().find('"') != std::string::npos) {
    throw StorageError(
        Kind::kOther,
        fmt::format("the database's path is \"{}\"; expected a path without quotation marks",
                    path.string()));
  }
  // An existing file is not opened here: closing it would release the locks that SQLite holds on it
  // for this process.
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file >= 0) {
    ::close(file);
  } else if (errno != EEXIST) {
    fail(path, "cannot open the database");
  }
}

SqliteUse::SqliteUse(fs::path path, std::chrono::milliseconds patience)
    : path_(std::move(path)), patience_(patience) {
  make_private_file(path_);
  FairWriteLock write_lock(beside(path_, "-fair_write_lock"));
  if (!write_lock.enter(patience_)) {
    throw StorageError(Kind::kBusy, fmt::format("database {}: another process kept its write lock "
                                                "for {} ms",
                                                path_.string(), patience_.count()));
  }
  const fs::path users = beside(path_, "-users");
  users_ = ::open(users.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (users_ < 0) fail(users, "cannot open the lock file");
  try {
    const bool first = ::flock(users_, LOCK_EX | LOCK_NB) == 0;
    if (::flock(users_, LOCK_SH) != 0) fail(users, "cannot lock");
    open(first);
  } catch (...) {
    connection_.reset();
    ::close(users_);
    throw;
  }
}

void SqliteUse::open(bool first) {
  std::optional<Header> header;
  const bool logged = fs::exists(beside(path_, "-wal"));
  if (first) header = read_header(path_);
  // If another process uses the file, there is a log.
  if (!logged && (!first || (header && needs_its_log(*header)))) refuse_without_log(path_);

  connection_.emplace(path_, SqliteHandle::Open::kWrite, patience_);
  if (first && !header) {
    connection_->run(fmt::format("PRAGMA page_size={}", kSqlitePageBytes).c_str());
    // Written before there is a log, so that no file of this release is without it.
    connection_->run(fmt::format("PRAGMA application_id={}", kApplication).c_str());
  }
  const std::string mode = connection_->text("PRAGMA journal_mode=WAL");
  if (mode != "wal") {
    throw StorageError(Kind::kOther, fmt::format("database {}: its file system allows no "
                                                 "write-ahead log (journal_mode is {})",
                                                 path_.string(), mode));
  }
  const bool marked = connection_->number("PRAGMA user_version") == kInUse;
  if (marked && (!header || header->user_version == kInUse)) return;
  if (!marked) connection_->run(kMarkInUse);
  // The file itself must have the mark before anything is written that is only in the log.
  if (!connection_->checkpoint()) {
    throw StorageError(Kind::kBusy,
                       fmt::format("database {}: another program kept reading from it for {} ms",
                                   path_.string(), patience_.count()));
  }
}

SqliteUse::~SqliteUse() {
  try {
    FairWriteLock write_lock(beside(path_, "-fair_write_lock"));
    if (write_lock.enter(patience_) && ::flock(users_, LOCK_EX | LOCK_NB) == 0) {
      connection_->run("PRAGMA user_version=0");
      connection_->delete_log_on_close();
    }
    connection_.reset();  // while no other process opens or closes the file
  } catch (const StorageError& error) {
    telemetry::log_error("the database keeps its log: copy both, or use `stampede backup`",
                         "reason=\"{}\"", error.what());
  }
  ::close(users_);
}

void declare_complete(SqliteHandle& file) {
  file.run("PRAGMA journal_mode=DELETE");
  file.run("PRAGMA user_version=0");
}

}  // namespace stampede::repositories::sql
