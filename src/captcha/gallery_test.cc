#include <gtest/gtest.h>

#include <set>
#include <thread>
#include <vector>

#include "captcha/captcha.h"

namespace stampede::captcha {
namespace {

/// Lets the background thread, which stands behind all others, work until it has drawn `count`.
void wait_until_drawn(const Gallery& gallery, std::uint64_t count) {
  while (gallery.drawn() < count) std::this_thread::yield();
}

TEST(CaptchaGallery, HandsOutAtOnceFromTheStart) {
  Gallery gallery(256);
  std::set<std::shared_ptr<const std::string>> seen;
  for (int i = 0; i < 8; ++i) {
    const Image image = gallery.take();
    EXPECT_EQ(image.answer.size(), 5u);
    EXPECT_TRUE(image.png->starts_with("\x89PNG\r\n\x1A\n"));
    seen.insert(image.png);
  }
  EXPECT_EQ(seen.size(), 8u);  // unused ones first
}

TEST(CaptchaGallery, ReplacesWhatWasUsed) {
  Gallery gallery(1);
  const Image first = gallery.take();
  wait_until_drawn(gallery, 1);
  EXPECT_NE(gallery.take().png, first.png);
}

TEST(CaptchaGallery, FillsUpAndThenDrawsOnlyForWhatWasTaken) {
  Gallery gallery(12);
  wait_until_drawn(gallery, 4);  // eight were drawn at once
  for (std::uint64_t taken = 1; taken <= 10; ++taken) {
    gallery.take();
    wait_until_drawn(gallery, 4 + taken);
    EXPECT_EQ(gallery.drawn(), 4 + taken);
  }
}

TEST(CaptchaGallery, ServesManyThreads) {
  Gallery gallery(4);
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&gallery] {
      for (int k = 0; k < 1000; ++k) ASSERT_FALSE(gallery.take().png->empty());
    });
  }
}

}  // namespace
}  // namespace stampede::captcha
