#include "concurrency/stand_back.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <thread>

namespace stampede::concurrency {
namespace {

/// Of the calling thread.
int niceness() { return getpriority(PRIO_PROCESS, 0); }

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
