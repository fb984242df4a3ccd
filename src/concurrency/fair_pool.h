#pragma once

#include <cstddef>
#include <string>
#include <thread>
#include <vector>

#include "concurrency/fair_queue.h"
#include "concurrency/mutex.h"

namespace stampede::concurrency {

/// A fixed number of threads behind a FairQueue, for work that blocks. Thread-safe.
class FairPool {
 public:
  using Task = FairQueue::Task;
  struct Options {
    std::string name;  // of the threads, at most 15 characters
    unsigned threads = 1;
    FairQueue::Limits queue = {};
    int niceness = 0;  // as WorkerPool's
    /// One thread more, which takes tasks by FairQueue::pop_of_few(kFew): they need not wait until
    /// a long task of a flood has ended.
    bool thread_for_few = false;
  };
  static constexpr std::size_t kFew = 8;
  explicit FairPool(const Options& options);
  ~FairPool() { stop(); }
  FairPool(const FairPool&) = delete;
  FairPool& operator=(const FairPool&) = delete;

  /// As FairQueue::push(); the task runs on a thread when its turn has come. After stop() it is
  /// destroyed unrun.
  FairQueue::Pushed submit(FairQueue::Path path, Task&& task);

  /// Waits for running tasks, and destroys waiting ones without running them. Call it when the
  /// tasks use something that is destroyed before the pool.
  void stop();

 private:
  void run(bool of_few);

  const Options options_;
  Mutex mutex_;
  Condition changed_;
  Condition few_changed_;  // for the thread for few
  FairQueue waiting_ STAMPEDE_GUARDED_BY(mutex_);
  bool stopping_ STAMPEDE_GUARDED_BY(mutex_) = false;
  std::vector<std::jthread> threads_;  // last: they use all of the above
};

}  // namespace stampede::concurrency
