#include "pictures/apart/render_apart.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

#include "pictures/apart/confine.h"
#include "pictures/apart/wire.h"

namespace stampede::pictures {
namespace {

constexpr std::size_t kMostAnswered = 64UL * 1024 * 1024;  // bytes
constexpr std::chrono::seconds kPatience{60};              // with a picture, in all

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
    // Not ours: what has taken the process over could write anything into the log.
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
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

using Clock = std::chrono::steady_clock;

/// False once `deadline` has passed.
bool ready(int socket, short events, Clock::time_point deadline) {
  pollfd entry{.fd = socket, .events = events, .revents = 0};
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    const int polled = ::poll(&entry, 1, static_cast<int>(left));
    if (polled >= 0 || errno != EINTR) return polled > 0;
  }
}

/// False if the other end is gone, or has not taken all by `deadline`.
bool send_all(int socket, std::string_view bytes, Clock::time_point deadline) {
  while (!bytes.empty()) {
    if (!ready(socket, POLLOUT, deadline)) return false;
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return shutdown(socket, SHUT_WR) == 0;
}

/// To the end of what comes, and at most `most` and one buffer more. `ready`: asked before each
/// read.
template <class Ready>
std::string read_all(int descriptor, std::size_t most, Ready&& ready) {
  std::string bytes;
  std::array<char, 65'536> buffer{};
  while (bytes.size() <= most && ready()) {
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
  const auto deadline = Clock::now() + kPatience;
  const Worker worker(format, theirs.number());
  theirs.close();
  std::string answer;
  if (send_all(ours.number(), content, deadline)) {
    answer = read_all(ours.number(), kMostAnswered,
                      [&] { return ready(ours.number(), POLLIN, deadline); });
  }
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
  const std::string content = read_all(STDIN_FILENO, kMostAsked, [] { return true; });
  return write_all(STDOUT_FILENO, to_wire(render(content, *format))) ? 0 : 1;
}

}  // namespace stampede::pictures
