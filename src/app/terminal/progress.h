#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace stampede::app {

/// A bar on standard error while something long runs, if that is a terminal; otherwise nothing.
/// It is gone when the work is done.
class Progress {
 public:
  Progress(std::string what, std::int64_t total);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void advance(std::int64_t steps);

 private:
  void draw();

  const std::string what_;
  const std::int64_t total_;
  const bool shown_;
  std::int64_t done_ = 0;
  std::chrono::steady_clock::time_point drawn_{};
};

}  // namespace stampede::app
