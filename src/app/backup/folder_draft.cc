#include "app/backup/folder_draft.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sodium.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "app/config/data_dir.h"

namespace stampede::app {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBytesAtOnce = 1 << 20;

[[noreturn]] void fail(const fs::path& path) {
  throw std::system_error(errno, std::generic_category(), path.string());
}

class File {
 public:
  File(fs::path path, int flags)
      : path_(std::move(path)), number_(::open(path_.c_str(), flags | O_CLOEXEC, 0600)) {
    if (number_ < 0) fail(path_);
  }
  ~File() { ::close(number_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  std::size_t read(std::vector<char>& buffer) const {
    ssize_t size = -1;
    do {
      size = ::read(number_, buffer.data(), buffer.size());
    } while (size < 0 && errno == EINTR);
    if (size < 0) fail(path_);
    return static_cast<std::size_t>(size);
  }
  void write(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t size = ::write(number_, bytes.data(), bytes.size());
      if (size < 0 && errno == EINTR) continue;
      if (size < 0) fail(path_);
      bytes.remove_prefix(static_cast<std::size_t>(size));
    }
  }
  void flush() const {
    if (::fsync(number_) != 0) fail(path_);
  }

 private:
  const fs::path path_;
  const int number_;
};

/// Reads all of the file, and gives each part to `take`.
template <class Take>
Fingerprint read_through(const fs::path& path, const BytesDone& done, Take take) {
  const File file(path, O_RDONLY);
  crypto_hash_sha256_state state;
  crypto_hash_sha256_init(&state);
  Fingerprint found;
  std::vector<char> buffer(kBytesAtOnce);
  while (const std::size_t size = file.read(buffer)) {
    crypto_hash_sha256_update(&state, reinterpret_cast<const unsigned char*>(buffer.data()), size);
    take(std::string_view(buffer.data(), size));
    found.bytes += static_cast<std::int64_t>(size);
    if (done) done(static_cast<std::int64_t>(size));
  }
  std::array<unsigned char, crypto_hash_sha256_BYTES> digest{};
  crypto_hash_sha256_final(&state, digest.data());
  for (const unsigned char byte : digest) found.sha256 += fmt::format("{:02x}", byte);
  return found;
}

}  // namespace

Fingerprint fingerprint_of(const fs::path& file, const BytesDone& done) {
  return read_through(file, done, [](std::string_view) {});
}

FolderDraft::FolderDraft(fs::path dir, std::vector<std::string> names)
    : dir_(std::move(dir)), names_(std::move(names)) {
  made_ = make_private_directory(dir_);
  lock_ = ::open(dir_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (lock_ < 0) fail(dir_);
  try {
    if (::flock(lock_, LOCK_EX | LOCK_NB) != 0) {
      throw DataDirError(fmt::format(
          "{}: another process writes into it; expected a folder of its own", dir_.string()));
    }
    refuse_unless_empty();
    remove_partial();
  } catch (...) {
    ::close(lock_);
    throw;
  }
}

FolderDraft::~FolderDraft() {
  remove_partial();
  if (made_) ::rmdir(dir_.c_str());  // only an empty one goes
  ::close(lock_);
}

void FolderDraft::refuse_unless_empty() const {
  for (const auto& entry : fs::directory_iterator(dir_)) {
    if (is_partial(entry.path().filename().string())) continue;
    throw DataDirError(fmt::format("{}: holds {}; expected a folder that is empty or not there yet",
                                   dir_.string(), entry.path().filename().string()));
  }
}

void FolderDraft::remove_partial() const noexcept {
  std::error_code failure;
  std::vector<fs::path> partial;
  for (const auto& entry : fs::directory_iterator(dir_, failure)) {
    if (is_partial(entry.path().filename().string())) partial.push_back(entry.path());
  }
  for (const fs::path& path : partial) fs::remove(path, failure);
}

/// Also what a database keeps beside it, like NAME.partial-wal.
bool FolderDraft::is_partial(std::string_view file) const {
  return std::ranges::any_of(names_, [&](const std::string& name) {
    return file.starts_with(fmt::format("{}{}", name, kPartial));
  });
}

fs::path FolderDraft::path(std::string_view name) const {
  return dir_ / fmt::format("{}{}", name, kPartial);
}

void FolderDraft::write(std::string_view name, std::string_view content) {
  File(path(name), O_WRONLY | O_CREAT | O_EXCL).write(content);
}

Fingerprint FolderDraft::copy(const fs::path& from, std::string_view name, const BytesDone& done) {
  const File to(path(name), O_WRONLY | O_CREAT | O_EXCL);
  return read_through(from, done, [&](std::string_view part) { to.write(part); });
}

void FolderDraft::publish() {
  for (const std::string& name : names_) File(path(name), O_RDONLY).flush();
  const File folder(dir_, O_RDONLY | O_DIRECTORY);
  for (const std::string& name : names_) {
    folder.flush();  // the names before this one are on disk first
    fs::rename(path(name), dir_ / name);
  }
  folder.flush();
  File(fs::absolute(dir_).parent_path(), O_RDONLY | O_DIRECTORY).flush();
}

}  // namespace stampede::app
