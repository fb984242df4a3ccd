#pragma once

#include <chrono>

#include "concurrency/mutex.h"
#include "model/time.h"

namespace stampede::web_requests {

/// A circuit breaker: after so many failures in a row it refuses at once, so that nobody waits for
/// a service that is away, and the service is not asked by a crowd when it comes back. After a
/// pause one request is let through alone: its success lets all through again, its failure begins
/// another pause. Thread-safe.
class Breaker {
 public:
  struct Options {
    int failures = 5;                         // in a row; at least 1
    std::chrono::milliseconds pause{10'000};  // until one is let through
  };

  explicit Breaker(Options options) : options_(options) {}

  /// Whether admit() would let a request through now.
  bool would_admit(Tick now) const;
  /// True: a request may begin, and its end must be told by succeeded(), failed() or given_up().
  [[nodiscard]] bool admit(Tick now);
  void succeeded();
  void failed(Tick now);
  /// It ended without telling anything of the service.
  void given_up();

 private:
  bool lets_through(Tick now) const STAMPEDE_REQUIRES(mutex_);

  const Options options_;
  mutable concurrency::Mutex mutex_;
  int failures_ STAMPEDE_GUARDED_BY(mutex_) = 0;     // in a row
  Tick open_until_ STAMPEDE_GUARDED_BY(mutex_);      // if there were enough
  bool trying_ STAMPEDE_GUARDED_BY(mutex_) = false;  // one was let through after the pause
};

}  // namespace stampede::web_requests
