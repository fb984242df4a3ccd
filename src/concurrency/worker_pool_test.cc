#include "concurrency/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <memory>

namespace stampede::concurrency {
namespace {

TEST(WorkerPool, RunsEveryTask) {
  std::atomic<int> ran{0};
  std::latch done{100};
  WorkerPool pool({.name = "test", .threads = 3, .queue = 100});
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(pool.submit([&] {
      ++ran;
      done.count_down();
    }));
  }
  done.wait();
  EXPECT_EQ(ran, 100);
}

TEST(WorkerPool, RefusesBeyondItsQueueAndLeavesTheTask) {
  std::latch started{1};
  std::latch release{1};
  WorkerPool pool({.name = "test", .threads = 1, .queue = 1});
  ASSERT_TRUE(pool.submit([&] {
    started.count_down();
    release.wait();
  }));
  started.wait();
  ASSERT_TRUE(pool.submit([] {}));
  bool ran = false;
  std::move_only_function<void()> task = [&] { ran = true; };
  EXPECT_FALSE(pool.submit(std::move(task)));
  task();  // still ours
  EXPECT_TRUE(ran);
  release.count_down();
}

TEST(WorkerPool, StopDestroysWhatWaitsAndRefusesTheRest) {
  std::latch started{1};
  WorkerPool pool({.name = "test", .threads = 1, .queue = 2});
  std::latch release{1};
  ASSERT_TRUE(pool.submit([&] {
    started.count_down();
    release.wait();
  }));
  started.wait();
  const auto held = std::make_shared<int>(0);
  ASSERT_TRUE(pool.submit([held] {}));
  release.count_down();
  pool.stop();
  EXPECT_EQ(held.use_count(), 1) << "the task is still there";
  EXPECT_FALSE(pool.submit([] {}));
}

}  // namespace
}  // namespace stampede::concurrency
