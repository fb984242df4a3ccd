#include "concurrency/stand_back.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <thread>

namespace stampede::concurrency {
namespace {

/// Of the calling thread.
int niceness() { return getpriority(PRIO_PROCESS, 0); }

/// In ns, of the calling thread: sched_getattr(2). 0 where the kernel knows none.
std::uint64_t slice() {
  std::array<std::uint64_t, 6> attributes{};
  EXPECT_EQ(syscall(SYS_sched_getattr, 0, attributes.data(), sizeof attributes, 0), 0);
  return attributes[3];
}

TEST(StandBack, TheSliceIsALongOneWhereTheKernelKnowsSlices) {
  const std::uint64_t before = slice();
  const std::uint64_t longer = std::chrono::nanoseconds(kLongSlice).count();
  EXPECT_LT(before, longer);
  std::jthread([&] {
    stand_back(1);
    EXPECT_EQ(slice(), before == 0 ? 0 : longer);
  }).join();
}

TEST(StandBack, IsOfOneThreadAndOfAsManyStepsAsThereAre) {
  const int before = niceness();
  std::jthread([before] {
    stand_back(3);
    EXPECT_EQ(niceness(), std::min(before + 3, 19));
    stand_back(19);
    EXPECT_EQ(niceness(), 19);
  }).join();
  EXPECT_EQ(niceness(), before);
}

}  // namespace
}  // namespace stampede::concurrency
