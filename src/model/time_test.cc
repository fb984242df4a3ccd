#include "model/time.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <ctime>
#include <fstream>
#include <optional>

namespace stampede {
namespace {

TEST(Rfc3339, FormatsAndParsesBack) {
  const auto instant = parse_rfc3339("2026-11-22T08:24:00.125Z");
  ASSERT_TRUE(instant);
  EXPECT_EQ(format_rfc3339(*instant), "2026-11-22T08:24:00.125Z");
  EXPECT_EQ(parse_rfc3339("2026-11-22T10:24:00.1254+02:00"), instant);
  EXPECT_EQ(parse_rfc3339("2026-11-22T08:24:00Z"), *instant - std::chrono::milliseconds{125});
}

TEST(Rfc3339, TakesTheFirstAndTheLastInstant) {
  for (const char* text : {"1970-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"}) {
    const auto instant = parse_rfc3339(text);
    ASSERT_TRUE(instant) << text;
    EXPECT_EQ(format_rfc3339(*instant), text);
  }
}

TEST(Rfc3339, RefusesWhatIsNot) {
  for (const char* text :
       {"", "now", "2026-11-22", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z",
        "2026-11-22T24:00:00Z", "2026-11-22T08:24:00", "2026-11-22T08:24:00.Z",
        "2026-11-22T08:24:00Zx", "1969-01-01T00:00:00Z", "2026-11-22T08:24:00+2:00",
        "1970-01-01T00:00:00+00:01", "9999-12-31T23:59:00-00:01"}) {
    EXPECT_EQ(parse_rfc3339(text), std::nullopt) << text;
  }
}

std::chrono::microseconds time_of(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return std::chrono::seconds{time.tv_sec} + std::chrono::duration_cast<std::chrono::microseconds>(
                                                 std::chrono::nanoseconds{time.tv_nsec});
}

TEST(ReadClocks, TheTickIsTheTimeSinceBoot) {
  const auto before = time_of(CLOCK_BOOTTIME);
  const auto tick = read_clocks().tick.time_since_epoch();
  const auto after = time_of(CLOCK_BOOTTIME);
  EXPECT_LE(before, tick);
  EXPECT_LE(tick, after);
}

/// Method: a machine cannot be suspended here, but a time namespace has a clock since boot that is
/// an hour ahead of the monotonic one, as after an hour of suspension. It holds for children.
TEST(ReadClocks, TheTickCountsSuspendedTime) {
  constexpr int kRight = 0;
  constexpr int kWrong = 1;
  constexpr int kNotPossible = 2;
  const pid_t child = fork();
  if (child == 0) {
    if (unshare(CLONE_NEWTIME) != 0) _exit(kNotPossible);
    std::ofstream("/proc/self/timens_offsets") << "boottime 3600 0" << std::flush;
    const pid_t grandchild = fork();
    if (grandchild == 0) {
      const auto ahead = read_clocks().tick.time_since_epoch() - time_of(CLOCK_MONOTONIC);
      _exit(ahead > std::chrono::seconds{3'500} ? kRight : kWrong);
    }
    int status = 0;
    waitpid(grandchild, &status, 0);
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : kWrong);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == kNotPossible) GTEST_SKIP() << "needs root, for a time namespace";
  EXPECT_EQ(WEXITSTATUS(status), kRight);
}

}  // namespace
}  // namespace stampede
