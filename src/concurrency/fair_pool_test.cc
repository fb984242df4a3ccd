#include "concurrency/fair_pool.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <latch>
#include <memory>
#include <string>

namespace stampede::concurrency {
namespace {

using Path = std::array<std::string, 1>;

/// A pool whose one thread is busy until release().
class FairPoolTest : public testing::Test {
 protected:
  FairPoolTest() {
    pool_.submit(Path{"busy"}, [this] {
      started_.count_down();
      released_.wait();
    });
    started_.wait();
  }

  void release() { released_.count_down(); }
  /// A task that appends `name` to ran_.
  FairPool::Task task(char name) {
    return [this, name] {
      ran_ += name;
      all_ran_.count_down();
    };
  }

  std::latch started_{1};
  std::latch released_{1};
  std::latch all_ran_{3};
  std::string ran_;  // by the pool's thread
  FairPool pool_{{.name = "test", .threads = 1, .queue = {.in_all = 3, .per_path = 2}}};
};

TEST_F(FairPoolTest, PathsTakeTurns) {
  EXPECT_EQ(pool_.submit(Path{"a"}, task('1')).result, FairQueue::Result::kQueued);
  EXPECT_EQ(pool_.submit(Path{"a"}, task('2')).result, FairQueue::Result::kQueued);
  EXPECT_EQ(pool_.submit(Path{"a"}, task('3')).result, FairQueue::Result::kPathIsFull);
  EXPECT_EQ(pool_.submit(Path{"b"}, task('4')).result, FairQueue::Result::kQueued);
  release();
  all_ran_.wait();
  EXPECT_EQ(ran_, "142");
}

TEST_F(FairPoolTest, WhatMakesRoomIsGivenBackAndTheNewcomerRuns) {
  pool_.submit(Path{"a"}, task('1'));
  pool_.submit(Path{"a"}, task('2'));
  pool_.submit(Path{"b"}, task('3'));
  auto pushed = pool_.submit(Path{"c"}, task('4'));
  EXPECT_EQ(pushed.result, FairQueue::Result::kQueued);
  ASSERT_TRUE(pushed.displaced);
  release();
  all_ran_.wait();
  EXPECT_EQ(ran_, "134");
}

/// A pool that has the thread for few alone, until that is released.
TEST_F(FairPoolTest, OneThreadIsForGroupsOfFew) {
  FairPool pool({.name = "few", .threads = 0, .queue = {.per_path = 100}, .thread_for_few = true});
  std::latch started{1};
  std::latch other_ran{1};
  pool.submit(Path{"busy"}, [&] {
    started.count_down();
    released_.wait();
  });
  started.wait();
  std::atomic<int> of_many = 0;
  for (std::size_t i = 0; i <= FairPool::kFew; ++i) pool.submit(Path{"many"}, [&] { ++of_many; });
  pool.submit(Path{"few"}, [&] { other_ran.count_down(); });
  release();
  other_ran.wait();
  pool.stop();
  EXPECT_EQ(of_many, 0);
}

/// Each waits until both threads are in one.
TEST_F(FairPoolTest, WhereManyHaveBecomeFewBothThreadsTakeThem) {
  FairPool pool({.name = "both", .queue = {.per_path = 100}, .thread_for_few = true});
  std::latch both{2};
  for (const char* name : {"a", "b"}) {
    pool.submit(Path{name}, [&] {
      both.arrive_and_wait();
      released_.wait();
    });
  }
  both.wait();
  std::latch all_ran{static_cast<std::ptrdiff_t>(FairPool::kFew) + 1};
  std::latch two{2};
  for (std::size_t i = 0; i <= FairPool::kFew; ++i) {
    pool.submit(Path{"many"}, [&, i] {
      if (i < 2) two.arrive_and_wait();
      all_ran.count_down();
    });
  }
  release();
  all_ran.wait();
}

TEST_F(FairPoolTest, StopDestroysWhatWaitsAndWhatComesLater) {
  const auto held = std::make_shared<int>(0);
  pool_.submit(Path{"a"}, [held] {});
  release();
  pool_.stop();
  pool_.submit(Path{"a"}, [held] {});
  EXPECT_EQ(held.use_count(), 1) << "a task is still there";
}

}  // namespace
}  // namespace stampede::concurrency
