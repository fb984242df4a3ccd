#include "pictures/apart/render_apart.h"

#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "pictures/apart/confine.h"
#include "pictures/apart/wire.h"

namespace stampede::pictures {
namespace {

constexpr std::size_t kMostAnswered = 64UL * 1024 * 1024;  // bytes

[[noreturn]] void fail(const char* what, int error = errno) {
  throw std::system_error(error, std::generic_category(), what);
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(); }

  int number() const { return number_; }
  void close() {
    if (number_ >= 0) ::close(number_);
    number_ = -1;
  }

 private:
  int number_;
};

/// The started process; ends with it.
class Worker {
 public:
  Worker(PictureFormat format, int end_of_socket) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, end_of_socket, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, end_of_socket, STDOUT_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    std::string program = "stampede";
    std::string word(kWorkerWord);
    std::string ending(ending_of(format));
    std::array<char*, 4> arguments{program.data(), word.data(), ending.data(), nullptr};
    std::array<char*, 1> environment{nullptr};
    const int failed = posix_spawn(&process_, "/proc/self/exe", &actions, nullptr, arguments.data(),
                                   environment.data());
    posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) fail("a process that renders a picture", failed);
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker() {
    ::kill(process_, SIGKILL);
    while (waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }

 private:
  pid_t process_ = 0;
};

/// Neither send nor receive waits for longer.
void bound_waiting(int socket) {
  const timeval most{.tv_sec = 60, .tv_usec = 0};
  for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO}) {
    if (setsockopt(socket, SOL_SOCKET, option, &most, sizeof most) != 0) fail("setsockopt");
  }
}

/// False if the other end is gone or takes nothing.
bool send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return shutdown(socket, SHUT_WR) == 0;
}

/// To the end of what comes, and at most `most` and one buffer more.
std::string read_all(int descriptor, std::size_t most) {
  std::string bytes;
  std::array<char, 65'536> buffer{};
  while (bytes.size() <= most) {
    const ssize_t size = ::read(descriptor, buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) break;
    bytes.append(buffer.data(), static_cast<std::size_t>(size));
  }
  return bytes;
}

bool write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t size = ::write(descriptor, bytes.data(), bytes.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
  return true;
}

}  // namespace

Rendered render_apart(std::string_view content, PictureFormat format) {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) fail("socketpair");
  const Descriptor ours(ends[0]);
  Descriptor theirs(ends[1]);
  bound_waiting(ours.number());
  const Worker worker(format, theirs.number());
  theirs.close();
  std::string answer;
  if (send_all(ours.number(), content)) answer = read_all(ours.number(), kMostAnswered);
  if (auto rendered = from_wire(answer)) return *std::move(rendered);
  return std::unexpected(
      "picture: decoding it came to no end within 20 s and 1 GiB of memory, or broke; expected an "
      "ordinary picture");
}

int render_worker(std::string_view ending) {
  constexpr std::size_t kMostAsked = 16UL * 1024 * 1024;
  const auto* const format = std::ranges::find(kPictureFormats, ending, ending_of);
  if (format == kPictureFormats.end()) return 2;
  confine();
  const std::string content = read_all(STDIN_FILENO, kMostAsked);
  return write_all(STDOUT_FILENO, to_wire(render(content, *format))) ? 0 : 1;
}

}  // namespace stampede::pictures
