#include "concurrency/worker_pool.h"

#include <pthread.h>

#include <utility>

#include "concurrency/stand_back.h"

namespace stampede::concurrency {

WorkerPool::WorkerPool(Options options) : options_(std::move(options)) {
  for (unsigned i = 0; i < options_.threads; ++i) threads_.emplace_back([this] { run(); });
}

void WorkerPool::stop() {
  std::deque<std::move_only_function<void()>> dropped;
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    dropped.swap(tasks_);
  }
  wake_.notify_all();
  threads_.clear();
}

bool WorkerPool::submit(std::move_only_function<void()>&& task) {
  {
    const MutexLock lock(mutex_);
    if (stopping_ || tasks_.size() >= options_.queue) return false;
    tasks_.push_back(std::move(task));
  }
  wake_.notify_one();
  return true;
}

void WorkerPool::run() {
  pthread_setname_np(pthread_self(), options_.name.substr(0, 15).c_str());
  if (options_.niceness > 0) stand_back(options_.niceness);
  while (true) {
    std::move_only_function<void()> task;
    {
      const MutexLock lock(mutex_);
      wake_.wait(mutex_,
                 [this]() STAMPEDE_REQUIRES(mutex_) { return stopping_ || !tasks_.empty(); });
      if (tasks_.empty()) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task();
  }
}

}  // namespace stampede::concurrency
