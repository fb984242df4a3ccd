#include "controllers/stream_limit.h"

namespace stampede::controllers {

std::optional<StreamLimit::Place> StreamLimit::take(const Taker& taker) {
  const std::uint64_t network = net::network_of(taker.address, limits_.ipv6_prefix);
  const concurrency::MutexLock guard(mutex_);
  if (taken_ >= limits_.in_all) return std::nullopt;
  const auto by = taken_by_.find(taker.buyer);
  if (by != taken_by_.end() && by->second >= limits_.per_buyer) return std::nullopt;
  const auto from = taken_from_.find(network);
  if (from != taken_from_.end() && from->second >= limits_.per_address) return std::nullopt;
  ++taken_by_[taker.buyer];
  ++taken_from_[network];
  ++taken_;
  return Place(*this, taker.buyer, network);
}

void StreamLimit::release(UserId buyer, std::uint64_t network) {
  const concurrency::MutexLock guard(mutex_);
  --taken_;
  const auto by = taken_by_.find(buyer);
  if (--by->second == 0) taken_by_.erase(by);
  const auto from = taken_from_.find(network);
  if (--from->second == 0) taken_from_.erase(from);
}

std::size_t StreamLimit::taken() const {
  const concurrency::MutexLock guard(mutex_);
  return taken_;
}

}  // namespace stampede::controllers
