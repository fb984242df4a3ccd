#pragma once

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>

namespace stampede::fuzz {

/// A file of mode 0600 that is on no disk, for parsers that are given a path. Throws
/// std::system_error.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view content) : file_(::memfd_create("fuzz", MFD_CLOEXEC)) {
    const bool made =
        file_ >= 0 && ::fchmod(file_, 0600) == 0 &&
        ::write(file_, content.data(), content.size()) == static_cast<ssize_t>(content.size());
    if (made) return;
    const int error = errno;
    if (file_ >= 0) ::close(file_);
    throw std::system_error(error, std::generic_category(), "a file in memory");
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() { ::close(file_); }

  std::string path() const { return "/proc/self/fd/" + std::to_string(file_); }

 private:
  const int file_;
};

}  // namespace stampede::fuzz
