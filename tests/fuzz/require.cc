#include <cstdio>
#include <cstdlib>

#include "tests/fuzz/fuzz.h"

namespace stampede::fuzz {

void require(bool holds, const char* promise) {
  if (holds) return;
  std::fprintf(stderr, "not kept: %s\n", promise);
  std::abort();
}

}  // namespace stampede::fuzz
