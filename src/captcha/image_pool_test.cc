#include <gtest/gtest.h>

#include <set>
#include <thread>
#include <vector>

#include "captcha/captcha.h"

namespace stampede::captcha {
namespace {

/// Lets the background thread, which has the lowest priority, work until it has drawn `count`.
void wait_until_drawn(const ImagePool& images, std::uint64_t count) {
  while (images.drawn() < count) std::this_thread::yield();
}

TEST(CaptchaImagePool, HandsOutAtOnceFromTheStart) {
  ImagePool images(256);
  std::set<std::shared_ptr<const std::string>> seen;
  for (int i = 0; i < 8; ++i) {
    const Image image = images.take();
    EXPECT_EQ(image.answer.size(), 5u);
    EXPECT_TRUE(image.png->starts_with("\x89PNG\r\n\x1A\n"));
    seen.insert(image.png);
  }
  EXPECT_EQ(seen.size(), 8u);  // unused ones first
}

TEST(CaptchaImagePool, ReplacesWhatWasUsed) {
  ImagePool images(1);
  const Image first = images.take();
  wait_until_drawn(images, 1);
  EXPECT_NE(images.take().png, first.png);
}

TEST(CaptchaImagePool, FillsUpAndThenDrawsOnlyForWhatWasTaken) {
  ImagePool images(12);
  wait_until_drawn(images, 4);  // eight were drawn at once
  for (std::uint64_t taken = 1; taken <= 10; ++taken) {
    images.take();
    wait_until_drawn(images, 4 + taken);
    EXPECT_EQ(images.drawn(), 4 + taken);
  }
}

TEST(CaptchaImagePool, ServesManyThreads) {
  ImagePool images(4);
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&images] {
      for (int k = 0; k < 1000; ++k) ASSERT_FALSE(images.take().png->empty());
    });
  }
}

}  // namespace
}  // namespace stampede::captcha
