#include "identity/key_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "identity/random.h"

namespace stampede::identity {
namespace {

constexpr std::string_view kHeader = "stampede-keys 1\n";
constexpr std::size_t kLongestFile = 512;  // bytes; one that is well-formed has 172 at most
constexpr char kDigits[] = "0123456789abcdef";

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& wrong) {
  throw KeyFileError("key file " + path.string() + ": " + wrong);
}

[[noreturn]] void fail_with_errno(const std::filesystem::path& path, const std::string& action) {
  fail(path, action + ": " + std::strerror(errno));
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int number() const { return number_; }

 private:
  int number_;
};

KeyFile::Stamp make_stamp(const struct stat& status) {
  return {
      .device = status.st_dev,
      .inode = status.st_ino,
      .changed_ns = status.st_ctim.tv_sec * std::int64_t{1'000'000'000} + status.st_ctim.tv_nsec,
      .size = status.st_size};
}

Descriptor open_existing(const std::filesystem::path& path) {
  // Without O_NONBLOCK, a FIFO in the file's place would hang the start.
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.number() < 0 && errno == ENOENT) {
    fail(path, "is missing, expected a file of mode 0600 that holds this server's keys");
  }
  if (file.number() < 0) fail_with_errno(path, "cannot be opened");
  return file;
}

struct stat status_of(const std::filesystem::path& path, const Descriptor& file) {
  struct stat status{};
  if (::fstat(file.number(), &status) != 0) fail_with_errno(path, "cannot be examined");
  return status;
}

struct stat require_private_file(const std::filesystem::path& path, const Descriptor& file) {
  const struct stat status = status_of(path, file);
  if (!S_ISREG(status.st_mode)) fail(path, "is not a regular file");
  if ((status.st_mode & 077) != 0) {
    char mode[8];
    std::snprintf(mode, sizeof mode, "%04o", static_cast<unsigned>(status.st_mode & 07777));
    fail(path, std::string("has mode ") + mode +
                   ", expected 0600: nobody but its owner may reach the keys");
  }
  return status;
}

std::string read_all(const std::filesystem::path& path, const Descriptor& file) {
  std::string text(kLongestFile, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(file.number(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail_with_errno(path, "cannot be read");
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  text.resize(size);
  return text;
}

bool take(std::string_view& text, std::string_view expected) {
  if (!text.starts_with(expected)) return false;
  text.remove_prefix(expected.size());
  return true;
}

/// "<id> <64 digits>\n" off the front of `text`.
std::optional<RingSecret> take_secret(std::string_view& text) {
  RingSecret secret;
  const auto [after_id, error] = std::from_chars(text.data(), text.data() + text.size(), secret.id);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(after_id - text.data()));
  if (!take(text, " ")) return std::nullopt;
  for (unsigned char& byte : secret.bytes) {
    if (text.size() < 2) return std::nullopt;
    const auto high = std::string_view(kDigits).find(text[0]);
    const auto low = std::string_view(kDigits).find(text[1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    byte = static_cast<unsigned char>(high << 4 | low);
    text.remove_prefix(2);
  }
  if (!take(text, "\n")) return std::nullopt;
  return secret;
}

std::string format(const RingSecret& secret) {
  std::string text = std::to_string(secret.id) + ' ';
  for (const unsigned char byte : secret.bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 0x0F];
  }
  return text + '\n';
}

std::string format(const KeyFile& keys) {
  return std::string(kHeader) + "current " + format(keys.current) + "previous " +
         (keys.previous ? format(*keys.previous) : "none\n");
}

KeyFile parse(const std::filesystem::path& path, std::string_view text) {
  if (!take(text, kHeader)) {
    fail(path,
         "is another kind of file, or a newer version's: expected 'stampede-keys 1' in line 1");
  }
  std::optional<RingSecret> current;
  if (take(text, "current ")) current = take_secret(text);
  if (!current) fail(path, "line 2 is broken, expected 'current <id> <64 hexadecimal digits>'");
  KeyFile keys{.current = *current, .previous = std::nullopt};
  if (!take(text, "previous none\n")) {
    if (take(text, "previous ")) keys.previous = take_secret(text);
    if (!keys.previous) {
      fail(path,
           "line 3 is broken, expected 'previous <id> <64 hexadecimal digits>' or "
           "'previous none'");
    }
  }
  if (!text.empty()) fail(path, "goes on after line 3, expected its end");
  if (keys.previous && keys.previous->id == keys.current.id) {
    fail(path, "its two keys have the same id, expected different ones");
  }
  return keys;
}

void sync_directory_of(const std::filesystem::path& path) {
  const auto directory = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  const Descriptor handle(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (handle.number() < 0 || ::fsync(handle.number()) != 0) {
    fail_with_errno(path, "its folder cannot be flushed to disk");
  }
}

/// A complete key file on disk under a temporary name; removed unless it gets its final name.
class Draft {
 public:
  Draft(const std::filesystem::path& path, const KeyFile& keys)
      : path_(path), draft_(path.string() + ".draft-" + std::to_string(random_number())) {
    const Descriptor file(::open(draft_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (file.number() < 0) fail_with_errno(path_, "cannot be written beside its place");
    try {
      write(file, format(keys));
    } catch (...) {
      ::unlink(draft_.c_str());
      throw;
    }
  }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  ~Draft() { ::unlink(draft_.c_str()); }

  /// Gives the file its final name, which must not exist.
  void publish_new() const {
    if (::link(draft_.c_str(), path_.c_str()) != 0) {
      if (errno == EEXIST) fail(path_, "exists already, and a new one would end every session");
      fail_with_errno(path_, "cannot be created");
    }
    sync_directory_of(path_);
  }
  /// Gives the file its final name, and so replaces the file that had it.
  void publish_instead() const {
    if (::rename(draft_.c_str(), path_.c_str()) != 0) fail_with_errno(path_, "cannot be replaced");
    sync_directory_of(path_);
  }

 private:
  void write(const Descriptor& file, std::string_view text) const {
    while (!text.empty()) {
      const ssize_t written = ::write(file.number(), text.data(), text.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail_with_errno(path_, "cannot be written");
      text.remove_prefix(static_cast<std::size_t>(written));
    }
    if (::fsync(file.number()) != 0) fail_with_errno(path_, "cannot be flushed to disk");
  }

  std::filesystem::path path_;
  std::string draft_;
};

/// Opens and locks the file that has this name at the moment the lock is held.
Descriptor lock_current(const std::filesystem::path& path) {
  while (true) {
    Descriptor file = open_existing(path);
    while (::flock(file.number(), LOCK_EX) != 0) {
      if (errno != EINTR) fail_with_errno(path, "cannot be locked");
    }
    if (stamp_of(path).inode == status_of(path, file).st_ino) return file;
  }
}

}  // namespace

RingSecret RingSecret::random(std::uint8_t id) {
  RingSecret secret{.id = id, .bytes = {}};
  fill_random(secret.bytes);
  return secret;
}

KeyFile read_key_file(const std::filesystem::path& path, KeyFile::Stamp* stamp) {
  const Descriptor file = open_existing(path);
  const struct stat status = require_private_file(path, file);
  KeyFile keys = parse(path, read_all(path, file));
  if (stamp != nullptr) *stamp = make_stamp(status);
  return keys;
}

KeyFile::Stamp stamp_of(const std::filesystem::path& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) fail_with_errno(path, "cannot be examined");
  return make_stamp(status);
}

void create_key_file(const std::filesystem::path& path, const KeyFile& keys) {
  Draft(path, keys).publish_new();
}

void rotate_key_file(const std::filesystem::path& path) {
  const Descriptor lock = lock_current(path);
  const KeyFile keys = read_key_file(path);
  const auto next_id = static_cast<std::uint8_t>(keys.current.id + 1);
  Draft(path, {.current = RingSecret::random(next_id), .previous = keys.current}).publish_instead();
}

}  // namespace stampede::identity
