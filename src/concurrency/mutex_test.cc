#include "concurrency/mutex.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <memory>
#include <stdexcept>
#include <thread>
#include <type_traits>
#include <vector>

namespace stampede::concurrency {
namespace {

using namespace std::chrono_literals;

bool free_now(Mutex& mutex) {
  if (!mutex.try_lock()) return false;
  mutex.unlock();
  return true;
}

/// As another thread sees it: a thread may not try what it holds.
bool free_for_others(Mutex& mutex) {
  bool free = false;
  std::jthread([&] { free = free_now(mutex); }).join();
  return free;
}

TEST(MutexLock, HoldsForAScopeAndGivesBackEarlier) {
  Mutex mutex;
  {
    MutexLock lock(mutex);
    EXPECT_FALSE(free_for_others(mutex));
    lock.unlock();
    EXPECT_TRUE(free_for_others(mutex));
    lock.lock();
    EXPECT_FALSE(free_for_others(mutex));
    lock.unlock();
  }
  {
    const MutexLock lock(mutex);
    EXPECT_FALSE(free_for_others(mutex));
  }
  EXPECT_TRUE(free_for_others(mutex));
}

struct Gate {
  void open() {
    {
      const MutexLock lock(mutex);
      is_open = true;
    }
    changed.notify_all();
  }

  Mutex mutex;
  Condition changed;
  bool is_open STAMPEDE_GUARDED_BY(mutex) = false;
};

TEST(Condition, WakesWhoWaitsAndLeavesTheLockHeld) {
  Gate gate;
  std::latch passed{3};
  std::vector<std::jthread> waiting;
  waiting.emplace_back([&] {
    const MutexLock lock(gate.mutex);
    while (!gate.is_open) gate.changed.wait(gate.mutex);
    passed.count_down();
  });
  waiting.emplace_back([&] {
    const MutexLock lock(gate.mutex);
    gate.changed.wait(gate.mutex, [&]() STAMPEDE_REQUIRES(gate.mutex) { return gate.is_open; });
    EXPECT_FALSE(free_for_others(gate.mutex));
    passed.count_down();
  });
  waiting.emplace_back([&] {
    const MutexLock lock(gate.mutex);
    EXPECT_TRUE(gate.changed.wait_for(
        gate.mutex, 1h, [&]() STAMPEDE_REQUIRES(gate.mutex) { return gate.is_open; }));
    passed.count_down();
  });
  gate.open();
  passed.wait();
}

TEST(Condition, StopsWaitingAtItsTime) {
  Gate gate;
  const MutexLock lock(gate.mutex);
  const auto opened = [&]() STAMPEDE_REQUIRES(gate.mutex) { return gate.is_open; };
  EXPECT_FALSE(gate.changed.wait_for(gate.mutex, 1ms, opened));
  EXPECT_FALSE(gate.changed.wait_until(gate.mutex, std::chrono::steady_clock::now(), opened));
  EXPECT_FALSE(free_for_others(gate.mutex));
}

TEST(Condition, APredicateThatThrowsLeavesTheLockWithItsHolder) {
  Gate gate;
  {
    const MutexLock lock(gate.mutex);
    EXPECT_THROW(gate.changed.wait(gate.mutex, []() -> bool { throw std::runtime_error("no"); }),
                 std::runtime_error);
    EXPECT_FALSE(free_for_others(gate.mutex));
  }
  EXPECT_TRUE(free_for_others(gate.mutex));
}

TEST(Guarded, LetsOneThreadInAtATime) {
  Guarded<int> count(0);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int j = 0; j < 1000; ++j) count.with([](int& value) { ++value; });
      });
    }
  }
  EXPECT_EQ(count.copy(), 4000);
  count.set(7);
  EXPECT_EQ(std::as_const(count).with([](const int& value) { return value; }), 7);
}

TEST(Guarded, NoReferenceLeavesIt) {
  Guarded<int> count(1);
  const auto leak = [](int& value) -> int& { return value; };
  static_assert(std::is_same_v<decltype(count.with(leak)), int>);
}

TEST(Guarded, TheOldValueIsDestroyedOutsideTheLock) {
  struct Looks {
    ~Looks() {
      if (at != nullptr) at->with([](auto&) {});  // would wait for itself under the lock
    }
    Guarded<std::shared_ptr<Looks>>* at = nullptr;
  };
  Guarded<std::shared_ptr<Looks>> value(std::make_shared<Looks>());
  value.with([&](auto& looks) { looks->at = &value; });
  value.set(nullptr);
  EXPECT_EQ(value.copy(), nullptr);
}

}  // namespace
}  // namespace stampede::concurrency
