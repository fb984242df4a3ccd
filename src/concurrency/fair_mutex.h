#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace stampede::concurrency {

/// A mutex that serves in order of arrival (a ticket lock), so that a thread which takes it again
/// and again cannot starve the others. BasicLockable.
class FairMutex {
 public:
  void lock() {
    std::unique_lock guard(mutex_);
    const std::uint64_t ticket = next_++;
    turn_changed_.wait(guard, [&] { return serving_ == ticket; });
  }
  void unlock() {
    {
      const std::lock_guard guard(mutex_);
      ++serving_;
    }
    turn_changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable turn_changed_;
  std::uint64_t next_ = 0;     // guarded by mutex_
  std::uint64_t serving_ = 0;  // guarded by mutex_
};

}  // namespace stampede::concurrency
