#include "concurrency/stand_back.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>

namespace stampede::concurrency {
namespace {

/// As sched_setattr(2) takes it. The kernel's own header cannot be included beside <sched.h>, which
/// half the standard library includes, on Debian 12.
struct SchedulingAttributes {
  std::uint32_t size = sizeof(SchedulingAttributes);
  std::uint32_t policy = 0;
  std::uint64_t flags = 0;
  std::int32_t niceness = 0;
  std::uint32_t priority = 0;
  std::uint64_t slice = 0;  // in ns
  std::uint64_t deadline = 0;
  std::uint64_t period = 0;
};
constexpr std::uint64_t kKeepPolicy = 8;  // SCHED_FLAG_KEEP_POLICY

}  // namespace

void stand_back(int steps) {
  constexpr int kMostNiceness = 19;
  // 0 is the calling thread on Linux (setpriority(2)).
  setpriority(PRIO_PROCESS, 0, std::min(getpriority(PRIO_PROCESS, 0) + steps, kMostNiceness));
  const SchedulingAttributes attributes{
      .flags = kKeepPolicy,
      .niceness = getpriority(PRIO_PROCESS, 0),
      .slice = static_cast<std::uint64_t>(std::chrono::nanoseconds(kLongSlice).count())};
  syscall(SYS_sched_setattr, 0, &attributes, 0);
}

}  // namespace stampede::concurrency
