#include "tests/support/servers/child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <system_error>

#include "tests/support/eventually.h"

namespace stampede::test_support {
namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

/// True once `descriptor` is readable (or at its end); false after the deadline.
bool await_readable(int descriptor, Clock::time_point deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    pollfd entry{.fd = descriptor, .events = POLLIN, .revents = 0};
    const int ready = poll(&entry, 1, static_cast<int>(std::max<std::int64_t>(0, left.count())));
    if (ready > 0) return true;
    if (ready == 0) return false;
    if (errno != EINTR) fail("poll");
  }
}

/// What execvpe needs. It is made before the fork, because nothing may allocate between fork and
/// exec.
struct Image {
  std::vector<std::string> strings;
  std::vector<char*> arguments;
  std::vector<char*> environment;

  Image(const std::vector<std::string>& words, const Environment& variables) : strings(words) {
    for (const auto& [name, value] : variables) {
      strings.push_back(name);
      strings.back().append("=").append(value);
    }
    for (std::size_t i = 0; i < words.size(); ++i) arguments.push_back(strings[i].data());
    arguments.push_back(nullptr);
    // The first of two equal names wins, so ours stand before the inherited ones.
    for (std::size_t i = words.size(); i < strings.size(); ++i) {
      environment.push_back(strings[i].data());
    }
    for (char** inherited = environ; *inherited != nullptr; ++inherited) {
      environment.push_back(*inherited);
    }
    environment.push_back(nullptr);
  }
};

[[noreturn]] void become(const Image& image, int output, int errors, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);  // the parent died before the line above
  dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(errors, STDERR_FILENO);
  // Without this the program would keep the test's own sockets open.
  close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
  execvpe(image.arguments[0], image.arguments.data(), image.environment.data());
  dprintf(STDERR_FILENO, "cannot run %s: error %d\n", image.arguments[0], errno);
  _exit(127);
}

}  // namespace

Child::Child(const std::vector<std::string>& arguments, const Environment& environment) {
  const Image image(arguments, environment);
  std::array<int, 2> pipe_ends{};
  if (pipe2(pipe_ends.data(), O_CLOEXEC) != 0) fail("pipe2");
  output_ = pipe_ends[0];
  errors_ = memfd_create("stderr", MFD_CLOEXEC);
  if (errors_ < 0) fail("memfd_create");
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ == 0) become(image, pipe_ends[1], errors_, parent);
  close(pipe_ends[1]);
  if (pid_ < 0) fail("fork");
  // glibc 2.36 declares pidfd_open() without C linkage.
  pid_file_ = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
  if (pid_file_ < 0) fail("pidfd_open");
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      pid_file_(std::exchange(other.pid_file_, -1)),
      output_(std::exchange(other.output_, -1)),
      errors_(std::exchange(other.errors_, -1)),
      unread_(std::move(other.unread_)),
      exit_(other.exit_) {}

Child::~Child() {
  if (pid_ < 0) return;
  if (!exit_) {
    ::kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  for (const int descriptor : {pid_file_, output_, errors_}) close(descriptor);
}

bool Child::read_more(Clock::time_point deadline) {
  if (!await_readable(output_, deadline)) return false;
  std::array<char, 65536> buffer;
  const ssize_t size = read(output_, buffer.data(), buffer.size());
  if (size < 0) fail("read");
  unread_.append(buffer.data(), static_cast<std::size_t>(size));
  return size > 0;
}

std::optional<std::string> Child::read_line(std::chrono::milliseconds timeout) {
  const auto deadline = Clock::now() + timeout;
  for (;;) {
    if (const std::size_t end = unread_.find('\n'); end != std::string::npos) {
      std::string line = unread_.substr(0, end);
      unread_.erase(0, end + 1);
      return line;
    }
    if (!read_more(deadline)) return std::nullopt;
  }
}

std::string Child::read_rest(std::chrono::milliseconds timeout) {
  const auto deadline = Clock::now() + timeout;
  while (read_more(deadline)) {
  }
  return std::exchange(unread_, {});
}

std::string Child::standard_error() const {
  std::string text;
  std::array<char, 65536> buffer;
  for (;;) {
    const ssize_t size =
        pread(errors_, buffer.data(), buffer.size(), static_cast<off_t>(text.size()));
    if (size < 0) fail("pread");
    if (size == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(size));
  }
}

void Child::signal(int number) {
  if (!exit_ && ::kill(pid_, number) != 0) fail("kill");
}

std::optional<int> Child::wait(std::chrono::milliseconds timeout) {
  if (exit_) return exit_;
  if (!await_readable(pid_file_, Clock::now() + timeout)) return std::nullopt;
  int status = 0;
  if (waitpid(pid_, &status, 0) != pid_) fail("waitpid");
  exit_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return exit_;
}

namespace {

/// The state in a line of /proc/PID/task/TID/stat: the letter behind the name in parentheses.
bool stands_still(const std::filesystem::path& task) {
  std::ifstream file(task / "stat");
  std::string line;
  if (!std::getline(file, line)) return true;  // the thread has ended
  const auto name_end = line.rfind(')');
  return name_end != std::string::npos && line.substr(name_end + 2, 1) == "T";
}

}  // namespace

void freeze_process(pid_t pid) {
  ::kill(pid, SIGSTOP);
  const std::filesystem::path tasks = fmt::format("/proc/{}/task", pid);
  const bool frozen = eventually(kPatience, [&] {
    return std::ranges::all_of(std::filesystem::directory_iterator(tasks), stands_still);
  });
  if (!frozen) throw std::runtime_error(fmt::format("process {} does not stop", pid));
}

std::chrono::milliseconds processor_time_of(pid_t pid) {
  clockid_t clock = 0;
  timespec time{};
  if (const int error = clock_getcpuclockid(pid, &clock); error != 0) {
    throw std::system_error(error, std::generic_category(), "clock_getcpuclockid");
  }
  if (clock_gettime(clock, &time) != 0) {
    throw std::system_error(errno, std::generic_category(), "clock_gettime");
  }
  return std::chrono::seconds{time.tv_sec} + std::chrono::duration_cast<std::chrono::milliseconds>(
                                                 std::chrono::nanoseconds{time.tv_nsec});
}

CommandResult run_command(const std::vector<std::string>& arguments, const Environment& environment,
                          std::chrono::milliseconds timeout) {
  Child child(arguments, environment);
  const auto deadline = Clock::now() + timeout;
  CommandResult result;
  result.out = child.read_rest(timeout);
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
  const auto exit = child.wait(left);
  result.err = child.standard_error();
  if (!exit) throw std::runtime_error(arguments[0] + " did not end in time: " + result.err);
  result.exit = *exit;
  return result;
}

}  // namespace stampede::test_support
