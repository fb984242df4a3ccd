#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <utility>

#include "concurrency/mutex.h"
#include "schedules/rounds.h"

namespace stampede::schedules {

/// A thread that runs one job again and again: every `period`, and at once when nudged. A job that
/// throws is logged (each new message once) and runs again at its next time.
class Periodic {
 public:
  Periodic(std::string name, std::chrono::milliseconds period, std::function<void()> job)
      : Periodic(std::move(name), period) {
    start(std::move(job));
  }
  /// Does nothing until it is started; a nudge is kept.
  Periodic(std::string name, std::chrono::milliseconds period)
      : name_(std::move(name)), period_(period) {}
  /// To be called once.
  void start(std::function<void()> job);
  ~Periodic() { stop(); }
  Periodic(const Periodic&) = delete;
  Periodic& operator=(const Periodic&) = delete;

  /// Runs the job soon, once for any number of nudges before it begins. Thread-safe.
  void nudge();
  /// Waits for the running job to end; no other begins.
  void stop();

 private:
  void run();
  void run_job();

  const std::string name_;
  const std::chrono::milliseconds period_;
  std::function<void()> job_;  // set before the thread begins
  std::string last_error_;     // the thread's own

  concurrency::Mutex mutex_;
  concurrency::Condition wake_;
  Rounds rounds_ STAMPEDE_GUARDED_BY(mutex_);
  bool stopping_ STAMPEDE_GUARDED_BY(mutex_) = false;
  std::jthread thread_;
};

}  // namespace stampede::schedules
