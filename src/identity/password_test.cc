#include "identity/password.h"

#include <gtest/gtest.h>
#include <time.h>

#include <chrono>
#include <set>

namespace stampede::identity {
namespace {

/// Of this thread: what else the machine does is no part of it.
std::chrono::nanoseconds cpu_time() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
}

TEST(Password, OpensItsOwnHashOnly) {
  const std::string hash = hash_password("Größe 42 👟");
  EXPECT_TRUE(hash.starts_with("$argon2id$v=19$m=65536,t=2,p=1$")) << hash;
  EXPECT_TRUE(verify_password(hash, "Größe 42 👟"));
  EXPECT_FALSE(verify_password(hash, "Größe 42"));
  EXPECT_FALSE(verify_password(hash, ""));
  EXPECT_NE(hash_password("Größe 42 👟"), hash);  // salted
}

TEST(Password, IsNotFooledByNul) {
  const std::string hash = hash_password(std::string("pass\0word", 9));
  EXPECT_FALSE(verify_password(hash, "pass"));
}

TEST(Password, AHashThatNoneOpensTakesTheSameTime) {
  const std::string hash = hash_password("password");
  const auto time_of = [](std::string_view against) {
    auto best = std::chrono::nanoseconds::max();
    for (int i = 0; i < 3; ++i) {
      const auto begin = cpu_time();
      EXPECT_FALSE(verify_password(against, "wrong"));
      best = std::min(best, cpu_time() - begin);
    }
    return best;
  };
  const auto known = time_of(hash);
  for (const std::string& none :
       {std::string("!"), std::string(), std::string("$argon2id$v=19$"), std::string(1000, 'x')}) {
    EXPECT_GT(time_of(none), known / 2) << none;
  }
}

TEST(Password, RandomOnesAreLongAndUnlike) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(random_password());
  EXPECT_EQ(seen.size(), 1000u);
  EXPECT_EQ(seen.begin()->size(), 23u);
}

}  // namespace
}  // namespace stampede::identity
