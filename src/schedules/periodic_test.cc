#include "schedules/periodic.h"

#include <gtest/gtest.h>

#include <atomic>
#include <semaphore>
#include <stdexcept>

namespace stampede::schedules {
namespace {

TEST(Periodic, RunsAtOnceAndWhenNudged) {
  std::counting_semaphore<> ran{0};
  Periodic periodic("test", std::chrono::hours{1}, [&] { ran.release(); });
  ran.acquire();
  periodic.nudge();
  ran.acquire();
}

TEST(Periodic, RunsAgainAfterItsPeriod) {
  std::counting_semaphore<> ran{0};
  Periodic periodic("test", std::chrono::milliseconds{1}, [&] { ran.release(); });
  for (int i = 0; i < 5; ++i) ran.acquire();
}

TEST(Periodic, AJobThatThrowsRunsAgain) {
  std::counting_semaphore<> ran{0};
  Periodic periodic("test", std::chrono::milliseconds{1}, [&] {
    ran.release();
    throw std::runtime_error("as the test wants");
  });
  for (int i = 0; i < 3; ++i) ran.acquire();
}

TEST(Periodic, NothingRunsAfterStop) {
  std::atomic<bool> stopped{false};
  std::atomic<bool> late{false};
  Periodic periodic("test", std::chrono::milliseconds{1}, [&] { late = late || stopped; });
  periodic.stop();
  stopped = true;
  periodic.nudge();
  EXPECT_FALSE(late);
}

}  // namespace
}  // namespace stampede::schedules
