#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <thread>

#include "concurrency/mutex.h"

namespace stampede::concurrency {

/// Refusals that are told late, so that a peer which repeats what is refused without a pause takes
/// no more of the machine than its connections once a delay. A refusal waits on a thread of its
/// own, and holds its connection and what it needs to be told. Thread-safe.
class SlowRefusals {
 public:
  using Refusal = std::move_only_function<void()>;

  /// A refusal is told after `delay`, or up to twice as late (later on a machine that is full):
  /// each after another time, so that peers who ask again at once do not all come at once. 0: at
  /// once, on the caller's thread. `niceness`: of its thread, as WorkerPool's.
  explicit SlowRefusals(std::chrono::milliseconds delay, int niceness = 0);
  ~SlowRefusals() { stop(); }
  SlowRefusals(const SlowRefusals&) = delete;
  SlowRefusals& operator=(const SlowRefusals&) = delete;

  void add(Refusal refusal);
  /// What waits is told at once, and so is everything later. Afterwards its thread tells nothing.
  void stop();

 private:
  /// How often what is due is told.
  static constexpr std::chrono::milliseconds kStep{10};

  void run();

  const std::chrono::milliseconds delay_;
  const int niceness_;
  Mutex mutex_;
  Condition changed_;
  std::uint64_t step_ STAMPEDE_GUARDED_BY(mutex_) = 0;
  std::multimap<std::uint64_t, Refusal> waiting_ STAMPEDE_GUARDED_BY(mutex_);  // by their steps
  std::minstd_rand random_ STAMPEDE_GUARDED_BY(mutex_);
  bool stopping_ STAMPEDE_GUARDED_BY(mutex_);
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace stampede::concurrency
