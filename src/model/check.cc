#include "model/check.h"

#include <cstdio>
#include <cstdlib>

namespace stampede {

void check_failed(const char* file, int line, const char* condition,
                  const char* what_holds) noexcept {
  // Not through the log, which may be what waits for a lock that the broken thread holds.
  std::fprintf(stderr, "%s:%d: check failed: %s: %s\n", file, line, condition, what_holds);
  std::fflush(stderr);
  std::abort();
}

}  // namespace stampede
