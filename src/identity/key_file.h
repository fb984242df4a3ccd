#pragma once

#include <sys/stat.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>

namespace stampede::identity {

/// A key file that cannot be used: missing, world-readable, cut short. what() names the file, what
/// was wrong and what was expected.
class KeyFileError : public std::runtime_error {
 public:
  explicit KeyFileError(const std::string& what, int error = 0)
      : std::runtime_error(what), error_(error) {}
  /// The errno of the system call that failed; 0 if what the file says is wrong.
  int error() const { return error_; }

 private:
  int error_;
};

/// A secret from which the keys of all purposes are derived.
struct RingSecret {
  std::uint8_t id = 0;
  std::array<unsigned char, 32> bytes{};

  /// A fresh one.
  static RingSecret random(std::uint8_t id);
};

/// What a key file holds. As text, so that an operator can see which key is which:
///
///   stampede-keys 1
///   current 7 <64 hexadecimal digits>
///   previous 6 <64 hexadecimal digits>      or: previous none
struct KeyFile {
  RingSecret current;
  std::optional<RingSecret> previous;

  /// Tells one version of a file from another.
  struct Stamp {
    dev_t device = 0;
    ino_t inode = 0;
    std::int64_t changed_ns = 0;  // the inode's change time: also a chmod counts
    std::int64_t size = 0;
    friend bool operator==(const Stamp&, const Stamp&) = default;
  };
};

/// Throws KeyFileError, also for a file that its group or others can read, write or execute.
KeyFile read_key_file(const std::filesystem::path& path, KeyFile::Stamp* stamp = nullptr);
/// Throws KeyFileError if there is no such file.
KeyFile::Stamp stamp_of(const std::filesystem::path& path);

/// Writes a file that is not there yet: complete, on disk and of mode 0600 at the moment it gets
/// its name. Throws KeyFileError.
void create_key_file(const std::filesystem::path& path, const KeyFile& keys);
/// Puts a fresh secret first and keeps the one before it. Readers see the old file or the new one;
/// of two rotations at once the second waits. Throws KeyFileError.
void rotate_key_file(const std::filesystem::path& path);
/// Removes what a rotation left that was killed: secrets that were never used. Throws KeyFileError
/// if there is no key file.
void remove_key_drafts(const std::filesystem::path& path);

}  // namespace stampede::identity
