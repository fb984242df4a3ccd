#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "concurrency/thread_safety.h"

namespace stampede::concurrency {

/// std::mutex, with the attributes that let Clang see who holds it. Lockable. A member that it
/// guards is declared with STAMPEDE_GUARDED_BY(mutex_), a function that is called under it with
/// STAMPEDE_REQUIRES(mutex_).
class STAMPEDE_CAPABILITY("mutex") Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void lock() STAMPEDE_ACQUIRE() { mutex_.lock(); }
  void unlock() STAMPEDE_RELEASE() { mutex_.unlock(); }
  [[nodiscard]] bool try_lock() STAMPEDE_TRY_ACQUIRE(true) { return mutex_.try_lock(); }

 private:
  friend class Condition;
  std::mutex mutex_;
};

/// Holds a mutex for a scope. unlock() gives it back before the scope ends, lock() takes it again.
template <class AnyMutex>
class STAMPEDE_SCOPED_CAPABILITY ScopedLock {
 public:
  explicit ScopedLock(AnyMutex& mutex) STAMPEDE_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~ScopedLock() STAMPEDE_RELEASE() {
    if (held_) mutex_.unlock();
  }
  ScopedLock(const ScopedLock&) = delete;
  ScopedLock& operator=(const ScopedLock&) = delete;

  void unlock() STAMPEDE_RELEASE() {
    held_ = false;
    mutex_.unlock();
  }
  void lock() STAMPEDE_ACQUIRE() {
    mutex_.lock();
    held_ = true;
  }

 private:
  AnyMutex& mutex_;
  bool held_ = true;
};

using MutexLock = ScopedLock<Mutex>;

/// A condition variable of a Mutex, which the caller holds: through a MutexLock, as a rule. A
/// predicate that reads what the mutex guards says so:
///
///   changed_.wait(mutex_, [this]() STAMPEDE_REQUIRES(mutex_) { return stopping_; });
///
/// Waiting without a predicate may end without reason, and belongs in a loop.
class Condition {
 public:
  void notify_one() { condition_.notify_one(); }
  void notify_all() { condition_.notify_all(); }

  void wait(Mutex& mutex) STAMPEDE_REQUIRES(mutex) {
    Borrowed borrowed(mutex.mutex_);
    condition_.wait(borrowed.lock);
  }
  template <class Predicate>
  void wait(Mutex& mutex, Predicate predicate) STAMPEDE_REQUIRES(mutex) {
    Borrowed borrowed(mutex.mutex_);
    condition_.wait(borrowed.lock, std::move(predicate));
  }

  /// False at `until` (after `time`), unless the predicate is true by then.
  template <class Clock, class Duration, class Predicate>
  bool wait_until(Mutex& mutex, std::chrono::time_point<Clock, Duration> until, Predicate predicate)
      STAMPEDE_REQUIRES(mutex) {
    Borrowed borrowed(mutex.mutex_);
    return condition_.wait_until(borrowed.lock, until, std::move(predicate));
  }
  template <class Rep, class Period, class Predicate>
  bool wait_for(Mutex& mutex, std::chrono::duration<Rep, Period> time, Predicate predicate)
      STAMPEDE_REQUIRES(mutex) {
    Borrowed borrowed(mutex.mutex_);
    return condition_.wait_for(borrowed.lock, time, std::move(predicate));
  }

 private:
  /// What std::condition_variable wants, of a mutex that stays the caller's, also if a predicate
  /// throws.
  struct Borrowed {
    explicit Borrowed(std::mutex& mutex) : lock(mutex, std::adopt_lock) {}
    ~Borrowed() { lock.release(); }
    Borrowed(const Borrowed&) = delete;
    Borrowed& operator=(const Borrowed&) = delete;
    std::unique_lock<std::mutex> lock;
  };

  std::condition_variable condition_;
};

/// A value that can be reached only under its own lock. Thread-safe.
///
///   Guarded<std::vector<int>> seen_;
///   seen_.with([&](auto& seen) { seen.push_back(7); });
template <class T>
class Guarded {
 public:
  template <class... Arguments>
  explicit Guarded(Arguments&&... arguments) : value_(std::forward<Arguments>(arguments)...) {}

  /// Calls `use(T&)` under the lock. What it returns is returned as a value: no reference leaves
  /// it.
  template <class Use>
  auto with(Use&& use) STAMPEDE_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return std::forward<Use>(use)(value_);
  }
  template <class Use>
  auto with(Use&& use) const STAMPEDE_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return std::forward<Use>(use)(value_);
  }

  T copy() const STAMPEDE_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return value_;
  }
  void set(T value) STAMPEDE_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    std::swap(value_, value);  // the old value is destroyed after the lock
  }

 private:
  mutable Mutex mutex_;
  T value_ STAMPEDE_GUARDED_BY(mutex_);
};

}  // namespace stampede::concurrency
