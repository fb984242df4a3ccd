#include "concurrency/fair_pool.h"

#include <pthread.h>

#include <utility>

#include "concurrency/stand_back.h"

namespace stampede::concurrency {

FairPool::FairPool(const Options& options) : options_(options), waiting_(options.queue) {
  for (unsigned i = 0; i < options.threads; ++i) threads_.emplace_back([this] { run(false); });
  if (options.thread_for_few) threads_.emplace_back([this] { run(true); });
}

FairQueue::Pushed FairPool::submit(FairQueue::Path path, Task&& task) {
  FairQueue::Pushed pushed;
  Task dropped;  // after the lock
  {
    const MutexLock lock(mutex_);
    if (stopping_) {
      dropped = std::move(task);
    } else {
      pushed = waiting_.push(path, std::move(task));
    }
  }
  if (pushed.result == FairQueue::Result::kQueued) {
    changed_.notify_one();
    few_changed_.notify_one();
  }
  return pushed;
}

void FairPool::stop() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  few_changed_.notify_one();
  threads_.clear();
  const auto next = [this] {
    const MutexLock lock(mutex_);
    return waiting_.pop();
  };
  while (next()) {
  }
}

void FairPool::run(bool of_few) {
  pthread_setname_np(pthread_self(), options_.name.substr(0, 15).c_str());
  if (options_.niceness > 0) stand_back(options_.niceness);
  while (true) {
    Task task;
    {
      const MutexLock lock(mutex_);
      (of_few ? few_changed_ : changed_).wait(mutex_, [&]() STAMPEDE_REQUIRES(mutex_) {
        if (!stopping_) task = of_few ? waiting_.pop_of_few(kFew) : waiting_.pop();
        return stopping_ || task;
      });
      if (!task) return;
    }
    // What is left of its group may be few now.
    if (!of_few) few_changed_.notify_one();
    task();
  }
}

}  // namespace stampede::concurrency
