#pragma once

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>

#include "tests/support/temp_dir.h"

namespace stampede::test_support {

/// Watches how long the machine keeps a thread that only sleeps and commits a byte to a file. Roles
/// that do not hear of each other for seconds give each other up, rightly: where the machine itself
/// stands still, a role may lose the lead, its leases or its place on the ring. What a defect of
/// the program delays is not seen here, so it excuses none.
class Stalls {
 public:
  Stalls() : thread_([this](const std::stop_token& stop) { watch(stop); }) {}

  /// None since this began. Says so if there was one.
  bool none() const {
    const std::chrono::milliseconds longest = longest_;
    if (longest < kStall) return true;
    fmt::print("the machine stood still for {} ms: what roles lost is not looked at\n",
               longest.count());
    return false;
  }

 private:
  /// A heartbeat takes a few such steps; 2 s are allowed.
  static constexpr std::chrono::milliseconds kStall{400};

  void watch(const std::stop_token& stop) {
    using std::chrono::steady_clock;
    const TempDir folder;
    const int file = open((folder.path() / "file").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    if (file < 0) throw std::system_error(errno, std::generic_category(), "open");
    while (!stop.stop_requested()) {
      const auto begin = steady_clock::now();
      constexpr std::chrono::milliseconds kPause{20};
      std::this_thread::sleep_for(kPause);
      if (pwrite(file, "x", 1, 0) != 1 || fdatasync(file) != 0) {
        throw std::system_error(errno, std::generic_category(), "write");
      }
      const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() -
                                                                              begin - kPause);
      if (took > longest_.load()) longest_ = took;
    }
    close(file);
  }

  std::atomic<std::chrono::milliseconds> longest_{std::chrono::milliseconds{0}};
  std::jthread thread_;
};

}  // namespace stampede::test_support
