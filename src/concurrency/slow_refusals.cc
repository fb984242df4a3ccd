#include "concurrency/slow_refusals.h"

#include <pthread.h>

#include <utility>
#include <vector>

#include "concurrency/stand_back.h"

namespace stampede::concurrency {

SlowRefusals::SlowRefusals(std::chrono::milliseconds delay, int niceness)
    : delay_(delay), niceness_(niceness), stopping_(delay <= std::chrono::milliseconds{0}) {
  if (delay_ > std::chrono::milliseconds{0}) thread_ = std::jthread([this] { run(); });
}

void SlowRefusals::add(Refusal refusal) {
  {
    const MutexLock lock(mutex_);
    if (!stopping_) {
      // The step under way may be over at once.
      const auto steps = static_cast<std::uint64_t>((delay_ + kStep) / kStep) + 1;
      std::uniform_int_distribution<std::uint64_t> more(0, steps);
      waiting_.emplace(step_ + steps + more(random_), std::move(refusal));
      if (waiting_.size() == 1) changed_.notify_one();
      return;
    }
  }
  refusal();
}

void SlowRefusals::stop() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    changed_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

void SlowRefusals::run() {
  pthread_setname_np(pthread_self(), "refusals");
  if (niceness_ > 0) stand_back(niceness_);
  MutexLock lock(mutex_);
  while (!stopping_ || !waiting_.empty()) {
    changed_.wait(mutex_,
                  [this]() STAMPEDE_REQUIRES(mutex_) { return stopping_ || !waiting_.empty(); });
    changed_.wait_for(mutex_, kStep, [this]() STAMPEDE_REQUIRES(mutex_) { return stopping_; });
    const auto end = stopping_ ? waiting_.end() : waiting_.upper_bound(++step_);
    std::vector<Refusal> due;
    for (auto next = waiting_.begin(); next != end;) due.push_back(std::move(next++->second));
    waiting_.erase(waiting_.begin(), end);
    lock.unlock();
    for (Refusal& refusal : due) refusal();
    due.clear();
    lock.lock();
  }
}

}  // namespace stampede::concurrency
