#include "concurrency/heaps.h"

#include <malloc.h>

namespace stampede::concurrency {

void keep_heaps() {
  constexpr int kKept = 64 * 1024 * 1024;         // of a heap, although it is free
  constexpr int kLargestBlock = 4 * 1024 * 1024;  // that is of a heap, and not mapped by itself
  mallopt(M_TOP_PAD, kHeapStep);
  mallopt(M_TRIM_THRESHOLD, kKept);
  mallopt(M_MMAP_THRESHOLD, kLargestBlock);
}

}  // namespace stampede::concurrency
