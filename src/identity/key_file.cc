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
#include <vector>

#include "identity/random.h"

namespace stampede::identity {
namespace {

constexpr std::string_view kHeader = "stampede-keys 1\n";
constexpr std::size_t kLongestFile = 512;  // bytes; one that is well-formed has 172 at most
constexpr char kHexDigits[] = "0123456789abcdef";

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& wrong, int error = 0) {
  throw KeyFileError("key file " + path.string() + ": " + wrong, error);
}

[[noreturn]] void fail_with_errno(const std::filesystem::path& path, const std::string& action) {
  const int error = errno;
  fail(path, action + ": " + std::strerror(error), error);
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
  struct stat status {};
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
    const auto high = std::string_view(kHexDigits).find(text[0]);
    const auto low = std::string_view(kHexDigits).find(text[1]);
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
    text += kHexDigits[byte >> 4];
    text += kHexDigits[byte & 0x0F];
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

std::string draft_name(const std::filesystem::path& path) { return path.string() + ".draft"; }

/// A complete key file on disk that has no name yet, so that nothing is left of it when the process
/// is killed; where the file system has no such files, one with a name of its own.
class Draft {
 public:
  Draft(const std::filesystem::path& path, const KeyFile& keys) : path_(path), file_(make()) {
    write(format(keys));
  }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  ~Draft() {
    if (!name_.empty()) ::unlink(name_.c_str());
  }

  /// Gives the file its final name, which must not exist.
  void publish_new() const {
    if (!link_as(path_)) {
      if (errno == EEXIST) fail(path_, "exists already, and a new one would end every session");
      fail_with_errno(path_, "cannot be created");
    }
    sync_directory_of(path_);
  }
  /// Gives it the name and takes it from the file that had it. The caller holds the lock of that
  /// file and has removed earlier drafts.
  void publish_instead() {
    if (name_.empty()) {
      if (!link_as(draft_name(path_))) fail_with_errno(path_, "cannot be written beside its place");
      name_ = draft_name(path_);
    }
    if (::rename(name_.c_str(), path_.c_str()) != 0) fail_with_errno(path_, "cannot be replaced");
    name_.clear();
    sync_directory_of(path_);
  }

 private:
  Descriptor make() {
    const std::string folder = path_.has_parent_path() ? path_.parent_path().string() : ".";
    Descriptor nameless(::open(folder.c_str(), O_WRONLY | O_TMPFILE | O_CLOEXEC, 0600));
    if (nameless.number() >= 0) return nameless;
    name_ = draft_name(path_) + "-" + std::to_string(random_number());
    Descriptor named(::open(name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (named.number() < 0) {
      name_.clear();
      fail_with_errno(path_, "cannot be written beside its place");
    }
    return named;
  }
  bool link_as(const std::string& name) const {
    if (!name_.empty()) return ::link(name_.c_str(), name.c_str()) == 0;
    const std::string nameless = "/proc/self/fd/" + std::to_string(file_.number());
    return ::linkat(AT_FDCWD, nameless.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) == 0;
  }
  void write(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t written = ::write(file_.number(), text.data(), text.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail_with_errno(path_, "cannot be written");
      text.remove_prefix(static_cast<std::size_t>(written));
    }
    if (::fsync(file_.number()) != 0) fail_with_errno(path_, "cannot be flushed to disk");
  }

  const std::filesystem::path path_;
  std::string name_;  // empty: it has none
  const Descriptor file_;
};

/// Call it with the key file locked: whoever makes a draft holds that lock, so no draft is in use.
void remove_drafts_of(const std::filesystem::path& path) {
  const std::string name = draft_name(path.filename());
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  std::vector<std::filesystem::path> drafts;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().filename().string().starts_with(name)) drafts.push_back(entry.path());
  }
  for (const auto& draft : drafts) ::unlink(draft.c_str());
}

/// Opens and locks the file that has the name once the lock is held: while this waits, a rotation
/// may give the name to another file.
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
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) fail_with_errno(path, "cannot be examined");
  return make_stamp(status);
}

void create_key_file(const std::filesystem::path& path, const KeyFile& keys) {
  Draft(path, keys).publish_new();
}

void rotate_key_file(const std::filesystem::path& path) {
  const Descriptor lock = lock_current(path);
  remove_drafts_of(path);
  const KeyFile keys = read_key_file(path);
  const auto next_id = static_cast<std::uint8_t>(keys.current.id + 1);
  Draft(path, {.current = RingSecret::random(next_id), .previous = keys.current}).publish_instead();
}

void remove_key_drafts(const std::filesystem::path& path) {
  const Descriptor lock = lock_current(path);
  remove_drafts_of(path);
}

}  // namespace stampede::identity
