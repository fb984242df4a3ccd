// The build with Clang must accept it, and refuse it with UNLOCKED: see CMakeLists.txt here.
#include "concurrency/mutex.h"

namespace {

class Stock {
 public:
  int units() const {
#ifndef UNLOCKED
    const stampede::concurrency::MutexLock lock(mutex_);
#endif
    return units_;
  }

 private:
  mutable stampede::concurrency::Mutex mutex_;
  int units_ STAMPEDE_GUARDED_BY(mutex_) = 7;
};

}  // namespace

int main() { return Stock().units(); }
