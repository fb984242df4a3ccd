#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/servers/child.h"

namespace stampede::test_support {

/// The real binary under test.
std::string stampede_binary();

/// `stampede serve` in a process of its own, on loopback. For one thread.
class ServerProcess {
 public:
  struct Options {
    std::filesystem::path data;
    std::uint16_t port = 0;          // 0: a free one
    std::uint16_t console_port = 0;  // likewise
    Environment environment;         // STAMPEDE_ADMISSION_CHECK_RATE and so on
    std::vector<std::string> arguments;
  };

  /// Returns once the server says that it is ready, or waits on a full disk; throws
  /// std::runtime_error with what it wrote to standard error if it ends, or is not ready in time.
  explicit ServerProcess(const Options& options);

  std::uint16_t port() const { return port_; }
  std::uint16_t console_port() const { return console_port_; }
  /// The time from before the process was made to its `ready`.
  std::chrono::milliseconds start_time() const { return start_time_; }
  /// The processor time of all its threads up to its `ready`.
  std::chrono::milliseconds start_work() const { return start_work_; }
  std::string log() const { return child_.standard_error(); }
  pid_t pid() const { return child_.pid(); }

  /// SIGTERM; the exit code, or 128 + signal. Throws if it does not end.
  int terminate();
  /// SIGKILL, and waits for its end.
  void kill();

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  Child child_;
  std::uint16_t port_ = 0;
  std::uint16_t console_port_ = 0;
  std::chrono::milliseconds start_time_{0};
  std::chrono::milliseconds start_work_{0};
};

}  // namespace stampede::test_support
