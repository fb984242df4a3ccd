#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "captcha/captcha.h"
#include "concurrency/mutex.h"

namespace stampede::captcha {
namespace {

/// Lets the background thread, which has the lowest priority, work until it has drawn `count`.
void wait_until_drawn(const ImagePool& images, std::uint64_t count) {
  while (images.drawn() < count) std::this_thread::yield();
}

TEST(CaptchaImagePool, HandsOutAtOnceFromTheStart) {
  ImagePool images(256);
  std::set<std::string> seen;
  for (int i = 0; i < 8; ++i) {
    const auto image = images.take();
    ASSERT_TRUE(image);
    EXPECT_TRUE(image->png->starts_with("\x89PNG\r\n\x1A\n"));
    seen.insert(*image->png);
  }
  EXPECT_EQ(seen.size(), 8u);
}

TEST(CaptchaImagePool, ReplacesWhatWasTaken) {
  ImagePool images(1);
  const auto first = images.take();
  ASSERT_TRUE(first);
  wait_until_drawn(images, 1);
  const auto second = images.take();
  ASSERT_TRUE(second);
  EXPECT_NE(*second->png, *first->png);
}

TEST(CaptchaImagePool, IsScarceWhileLessThanHalfIsReady) {
  ImagePool images(12);
  wait_until_drawn(images, 4);  // eight were drawn at once
  EXPECT_FALSE(images.scarce());
  ImagePool begun(1'000'000);
  EXPECT_TRUE(begun.scarce());
}

TEST(CaptchaImagePool, FillsUpAndThenDrawsOnlyForWhatWasTaken) {
  ImagePool images(12);
  wait_until_drawn(images, 4);  // eight were drawn at once
  for (std::uint64_t taken = 1; taken <= 10; ++taken) {
    ASSERT_TRUE(images.take());
    wait_until_drawn(images, 4 + taken);
    EXPECT_EQ(images.drawn(), 4 + taken);
  }
}

TEST(CaptchaImagePool, GivesNoneTwiceHoweverManyAsk) {
  ImagePool images(4);
  concurrency::Mutex mutex;
  std::map<std::string, int> given;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int k = 0; k < 1000; ++k) {
          const auto image = images.take();
          const concurrency::MutexLock lock(mutex);
          if (image) ++given[*image->png];
        }
      });
    }
  }
  EXPECT_GE(given.size(), 4u);
  for (const auto& [png, times] : given) EXPECT_EQ(times, 1);
  EXPECT_GT(images.missed(), 0u) << "nobody draws as fast as four threads ask";
  EXPECT_LE(given.size(), images.drawn() + 4);
}

}  // namespace
}  // namespace stampede::captcha
