#include "concurrency/slow_refusals.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>

namespace stampede::concurrency {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

TEST(SlowRefusals, ARefusalIsToldLate) {
  constexpr milliseconds kDelay{50};
  SlowRefusals refusals(kDelay);
  for (int i = 0; i < 2; ++i) {
    std::promise<std::chrono::steady_clock::time_point> told;
    const auto began = std::chrono::steady_clock::now();
    refusals.add([&] { told.set_value(std::chrono::steady_clock::now()); });
    EXPECT_GE(told.get_future().get() - began, kDelay);
  }
}

TEST(SlowRefusals, WithoutADelayItIsToldByWhoeverAddsIt) {
  SlowRefusals refusals(milliseconds{0});
  std::thread::id teller;
  refusals.add([&] { teller = std::this_thread::get_id(); });
  EXPECT_EQ(teller, std::this_thread::get_id());
}

TEST(SlowRefusals, AtTheEndAllAreToldAtOnce) {
  SlowRefusals refusals(hours{1});
  int told = 0;
  for (int i = 0; i < 3; ++i) refusals.add([&] { ++told; });
  refusals.stop();
  EXPECT_EQ(told, 3);
  refusals.add([&] { ++told; });
  EXPECT_EQ(told, 4);
}

}  // namespace
}  // namespace stampede::concurrency
