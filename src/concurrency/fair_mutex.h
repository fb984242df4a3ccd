#pragma once

#include <cstdint>

#include "concurrency/mutex.h"

namespace stampede::concurrency {

/// A mutex that serves in order of arrival (a ticket lock), so that a thread which takes it again
/// and again cannot starve the others. BasicLockable.
class STAMPEDE_CAPABILITY("mutex") FairMutex {
 public:
  void lock() STAMPEDE_ACQUIRE() {
    const MutexLock guard(mutex_);
    const std::uint64_t ticket = next_++;
    turn_changed_.wait(mutex_, [&]() STAMPEDE_REQUIRES(mutex_) { return serving_ == ticket; });
  }
  void unlock() STAMPEDE_RELEASE() {
    {
      const MutexLock guard(mutex_);
      ++serving_;
    }
    turn_changed_.notify_all();
  }

 private:
  Mutex mutex_;
  Condition turn_changed_;
  std::uint64_t next_ STAMPEDE_GUARDED_BY(mutex_) = 0;
  std::uint64_t serving_ STAMPEDE_GUARDED_BY(mutex_) = 0;
};

}  // namespace stampede::concurrency
