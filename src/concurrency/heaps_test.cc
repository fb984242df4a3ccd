#include "concurrency/heaps.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <cstdlib>
#include <memory>
#include <thread>

namespace stampede::concurrency {
namespace {

#ifndef STAMPEDE_FOREIGN_ALLOCATOR  // a sanitizer has a heap of its own

/// By how much all heaps together grow with the first block of a thread.
std::size_t grown_by_a_thread() {
  const std::size_t before = mallinfo2().arena;
  std::size_t grown = 0;
  std::jthread([&] {
    const auto first = std::make_unique<char[]>(100'000);
    grown = mallinfo2().arena - before;
  }).join();
  return grown;
}

/// In a process of its own, where no thread has left a heap that another one may take.
TEST(HeapsDeathTest, ThatOfAThreadBeginsWithAWholeStep) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        keep_heaps();
        std::exit(grown_by_a_thread() >= kHeapStep ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

#endif

}  // namespace
}  // namespace stampede::concurrency
