#include "concurrency/fair_pool.h"

#include <utility>

namespace stampede::concurrency {

FairPool::FairPool(const Options& options)
    : waiting_(options.queue),
      pool_({.name = options.name,
             .threads = options.threads,
             .queue = options.queue.in_all,
             .niceness = options.niceness}) {}

FairQueue::Pushed FairPool::submit(FairQueue::Path path, Task&& task) {
  auto pushed = waiting_.push(path, std::move(task));
  // What has made room leaves its turn at the pool to the newcomer.
  if (pushed.result != FairQueue::Result::kQueued || pushed.displaced) return pushed;
  const bool will_run = pool_.submit([this] {
    if (auto next = waiting_.pop()) next();
  });
  if (!will_run) waiting_.pop();  // the pool has stopped, and whatever waits is dropped
  return pushed;
}

void FairPool::stop() {
  pool_.stop();
  while (waiting_.pop()) {
  }
}

}  // namespace stampede::concurrency
