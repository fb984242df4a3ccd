#include "web_requests/breaker.h"

namespace stampede::web_requests {

using concurrency::MutexLock;

bool Breaker::lets_through(Tick now) const {
  if (failures_ < options_.failures) return true;
  return now >= open_until_ && !trying_;
}

bool Breaker::would_admit(Tick now) const {
  const MutexLock lock(mutex_);
  return lets_through(now);
}

bool Breaker::admit(Tick now) {
  const MutexLock lock(mutex_);
  if (!lets_through(now)) return false;
  trying_ = failures_ >= options_.failures;
  return true;
}

void Breaker::succeeded() {
  const MutexLock lock(mutex_);
  failures_ = 0;
  trying_ = false;
}

void Breaker::failed(Tick now) {
  const MutexLock lock(mutex_);
  if (failures_ < options_.failures) ++failures_;
  open_until_ = now + options_.pause;
  trying_ = false;
}

void Breaker::given_up() {
  const MutexLock lock(mutex_);
  trying_ = false;
}

}  // namespace stampede::web_requests
