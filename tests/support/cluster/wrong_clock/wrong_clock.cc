// Loaded before libc (LD_PRELOAD), this makes the wall clock of a program wrong by the number of
// seconds in WRONG_CLOCK_SECONDS. The other clocks are right.
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>

extern "C" int clock_gettime(clockid_t clock, timespec* time) noexcept {
  static const char* const ahead = std::getenv("WRONG_CLOCK_SECONDS");
  const long result = syscall(SYS_clock_gettime, clock, time);
  if (result == 0 && clock == CLOCK_REALTIME && ahead != nullptr) time->tv_sec += std::atol(ahead);
  return static_cast<int>(result);
}
