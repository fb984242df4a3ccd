#pragma once

#include <string>

#include "concurrency/fair_queue.h"
#include "concurrency/worker_pool.h"

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
  };
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
  FairQueue waiting_;
  WorkerPool pool_;  // runs as many tasks as wait, each of which takes up the next one
};

}  // namespace stampede::concurrency
