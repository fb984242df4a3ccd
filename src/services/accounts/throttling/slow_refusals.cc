#include "services/accounts/throttling/slow_refusals.h"

#include <pthread.h>

#include <utility>

namespace stampede::services::accounts {

using concurrency::MutexLock;

SlowRefusals::SlowRefusals(std::chrono::milliseconds delay)
    : delay_(delay), stopping_(delay <= std::chrono::milliseconds{0}) {
  if (delay_ > std::chrono::milliseconds{0}) thread_ = std::jthread([this] { run(); });
}

void SlowRefusals::add(Refusal refusal) {
  {
    const MutexLock lock(mutex_);
    if (!stopping_) {
      waiting_.push_back(std::move(refusal));
      changed_.notify_one();
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

/// Whatever came while one delay passed waits for the whole of the next.
void SlowRefusals::run() {
  pthread_setname_np(pthread_self(), "refusals");
  MutexLock lock(mutex_);
  while (!stopping_ || !waiting_.empty()) {
    changed_.wait(mutex_,
                  [this]() STAMPEDE_REQUIRES(mutex_) { return stopping_ || !waiting_.empty(); });
    std::vector<Refusal> next = std::exchange(waiting_, {});
    changed_.wait_for(mutex_, delay_, [this]() STAMPEDE_REQUIRES(mutex_) { return stopping_; });
    lock.unlock();
    for (Refusal& refusal : next) refusal();
    next.clear();
    lock.lock();
  }
}

}  // namespace stampede::services::accounts
