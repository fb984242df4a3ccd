#include "controllers/stream_limit.h"

namespace stampede::controllers {

std::optional<StreamLimit::Place> StreamLimit::take(UserId buyer) {
  const concurrency::MutexLock guard(mutex_);
  if (taken_ >= limits_.in_all) return std::nullopt;
  std::size_t& of_buyer = taken_by_[buyer];
  if (of_buyer >= limits_.per_buyer) return std::nullopt;
  ++of_buyer;
  ++taken_;
  return Place(*this, buyer);
}

void StreamLimit::release(UserId buyer) {
  const concurrency::MutexLock guard(mutex_);
  --taken_;
  const auto of_buyer = taken_by_.find(buyer);
  if (--of_buyer->second == 0) taken_by_.erase(of_buyer);
}

std::size_t StreamLimit::taken() const {
  const concurrency::MutexLock guard(mutex_);
  return taken_;
}

}  // namespace stampede::controllers
