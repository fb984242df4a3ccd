#include "concurrency/stand_back.h"

#include <sys/resource.h>

#include <algorithm>

namespace stampede::concurrency {

void stand_back(int steps) {
  constexpr int kMostNiceness = 19;
  // 0 is the calling thread on Linux (setpriority(2)).
  setpriority(PRIO_PROCESS, 0, std::min(getpriority(PRIO_PROCESS, 0) + steps, kMostNiceness));
}

}  // namespace stampede::concurrency
