#include "app/config/secret_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace stampede::app {
namespace {

constexpr std::size_t kLongest = 1'024;

std::unexpected<std::string> wrong(const std::filesystem::path& path, std::string_view what) {
  return std::unexpected(fmt::format("secret file {}: {}", path.string(), what));
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const auto first = text.find_first_not_of(kBlanks);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

/// Of an open file; it is closed afterwards.
std::expected<std::string, std::string> read_all(const std::filesystem::path& path, int file) {
  std::string text(2 * kLongest, '\0');
  const ssize_t got = ::read(file, text.data(), text.size());
  const int error = errno;
  struct stat status {};
  const bool examined = ::fstat(file, &status) == 0;
  ::close(file);
  if (!examined || !S_ISREG(status.st_mode)) return wrong(path, "is not a regular file");
  if ((status.st_mode & 077) != 0) {
    return wrong(path, fmt::format("has mode {:04o}; expected 0600: its owner's alone",
                                   static_cast<unsigned>(status.st_mode & 07777)));
  }
  if (got < 0) return wrong(path, fmt::format("cannot be read: {}", std::strerror(error)));
  text.resize(static_cast<std::size_t>(got));
  return text;
}

}  // namespace

std::expected<std::string, std::string> read_secret_file(const std::filesystem::path& path) {
  // Without O_NONBLOCK, a FIFO in the file's place would hang the start.
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return wrong(path, fmt::format("cannot be opened: {}", std::strerror(errno)));
  const auto text = read_all(path, file);
  if (!text) return text;
  const std::string_view secret = trimmed(*text);
  const bool printable = std::ranges::all_of(secret, [](char c) { return c > ' ' && c < '\x7f'; });
  if (secret.empty() || secret.size() > kLongest || !printable) {
    return wrong(path,
                 "holds no secret; expected one line of 1 to 1024 printable characters "
                 "without blanks");
  }
  return std::string(secret);
}

}  // namespace stampede::app
