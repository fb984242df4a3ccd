#pragma once

#include <chrono>
#include <functional>
#include <thread>
#include <vector>

#include "concurrency/mutex.h"

namespace stampede::services::accounts {

/// Refusals that are told late, so that a peer which repeats what is refused without a pause takes
/// no more of the machine than its connections times two a delay. A refusal waits on a thread of
/// its own, and holds nothing but its connection. Thread-safe.
class SlowRefusals {
 public:
  using Refusal = std::move_only_function<void()>;

  /// A refusal is told `delay` after it was added at the earliest, and twice as late at the latest;
  /// 0: at once, on the caller's thread.
  explicit SlowRefusals(std::chrono::milliseconds delay);
  ~SlowRefusals() { stop(); }
  SlowRefusals(const SlowRefusals&) = delete;
  SlowRefusals& operator=(const SlowRefusals&) = delete;

  void add(Refusal refusal);
  /// What waits is told at once, and so is everything later. Afterwards its thread tells nothing.
  void stop();

 private:
  void run();

  const std::chrono::milliseconds delay_;
  concurrency::Mutex mutex_;
  concurrency::Condition changed_;
  std::vector<Refusal> waiting_ STAMPEDE_GUARDED_BY(mutex_);
  bool stopping_ STAMPEDE_GUARDED_BY(mutex_);
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace stampede::services::accounts
