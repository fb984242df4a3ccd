#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "concurrency/mutex.h"

namespace stampede::concurrency {

/// A fixed number of threads behind a bounded queue, for work that blocks. Thread-safe.
class WorkerPool {
 public:
  struct Options {
    std::string name;  // of the threads, at most 15 characters
    unsigned threads = 1;
    std::size_t queue = 1024;  // tasks that may wait
    int niceness = 0;          // 0 to 19: how far its threads stand back: stand_back()
  };
  explicit WorkerPool(Options options);
  ~WorkerPool() { stop(); }
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// False, and `task` untouched, when the queue is full.
  [[nodiscard]] bool submit(std::move_only_function<void()>&& task);

  /// Waits for running tasks, and destroys waiting ones without running them; later tasks are
  /// refused. Call it when the tasks use something that is destroyed before the pool.
  void stop();

 private:
  void run();

  const Options options_;
  Mutex mutex_;
  Condition wake_;
  std::deque<std::move_only_function<void()>> tasks_ STAMPEDE_GUARDED_BY(mutex_);
  bool stopping_ STAMPEDE_GUARDED_BY(mutex_) = false;
  std::vector<std::jthread> threads_;
};

}  // namespace stampede::concurrency
