#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace stampede::test_support {

/// Variables beside the inherited ones.
using Environment = std::vector<std::pair<std::string, std::string>>;

/// A program that runs beside the test. It is killed when the Child is destroyed, and by the kernel
/// when the thread that started it ends. For one thread.
class Child {
 public:
  /// `arguments[0]` is the program, found on PATH. Throws std::system_error if it cannot start.
  explicit Child(const std::vector<std::string>& arguments, const Environment& environment = {});
  ~Child();
  Child(Child&& other) noexcept;
  Child& operator=(Child&&) = delete;

  pid_t pid() const { return pid_; }
  /// The next line of its standard output, without the break; nullopt at its end or after
  /// `timeout`.
  std::optional<std::string> read_line(std::chrono::milliseconds timeout);
  /// The rest of its standard output, up to its end or `timeout`.
  std::string read_rest(std::chrono::milliseconds timeout);
  /// What it wrote to standard error so far.
  std::string standard_error() const;

  void signal(int number);
  /// Waits for its end: the exit code, or 128 + the signal that ended it; nullopt after `timeout`.
  std::optional<int> wait(std::chrono::milliseconds timeout);

 private:
  bool read_more(std::chrono::steady_clock::time_point deadline);

  pid_t pid_ = -1;
  int pid_file_ = -1;  // becomes readable when the child ends
  int output_ = -1;    // read end of its standard output
  int errors_ = -1;    // a file in memory that is its standard error
  std::string unread_;
  std::optional<int> exit_;
};

/// SIGSTOP, and waits until every thread of that process stands still: the signal is on its way for
/// a moment. Throws std::runtime_error if it does not.
void freeze_process(pid_t pid);

/// The processor time of all threads that a process has had. Throws std::system_error.
std::chrono::milliseconds processor_time_of(pid_t pid);

struct CommandResult {
  int exit = 0;  // 128 + signal if one ended it
  std::string out;
  std::string err;
};

/// Runs a program to its end. Throws std::runtime_error if it takes longer than `timeout`.
CommandResult run_command(const std::vector<std::string>& arguments,
                          const Environment& environment = {},
                          std::chrono::milliseconds timeout = std::chrono::seconds{300});

}  // namespace stampede::test_support
