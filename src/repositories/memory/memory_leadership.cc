#include "repositories/memory/memory_leadership.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "model/ring_nonce.h"

namespace stampede::repositories::memory {

RingState MemoryLeadership::ring() {
  const concurrency::MutexLock lock(mutex_);
  return leadership().ring;
}

RingState MemoryLeadership::replace(const Term& term, const RingChange& change, Instant) {
  const concurrency::MutexLock lock(mutex_);
  require_leader(term);
  return leadership().ring = make_ring(change);
}

RingState MemoryLeadership::make_ring(const RingChange& change) {
  RingState ring = leadership().ring;
  if (change.epoch != ring.epoch) return ring;
  ring.epoch = std::max(change.epoch, change.above) + 1;
  ring.nonce = ring_nonce(draw_nonce(), ring.nonce);
  ring.virtual_nodes = change.virtual_nodes;
  ring.newest_lease = LeaseId{leadership().last_lease};
  ring.members.assign(change.members.begin(), change.members.end());
  return ring;
}

RingState MemoryLeadership::changed_ring(const RingChange& change) {
  const concurrency::MutexLock lock(mutex_);
  return make_ring(change);
}

void MemoryLeadership::set_ring(RingState ring) {
  const concurrency::MutexLock lock(mutex_);
  leadership().ring = std::move(ring);
}

void MemoryLeadership::require_leader(const Term& term) {
  if (leadership().leader != term) throw NoLongerLeader(term);
}

/// Not part of the state: what was drawn is not drawn again after a failover.
std::string MemoryLeadership::draw_nonce() {
  char digits[33];
  std::snprintf(digits, sizeof digits, "%032llx", static_cast<unsigned long long>(++nonces_));
  return digits;
}

std::optional<TakenTerm> MemoryLeadership::take(const std::string& holder, std::int64_t above,
                                                std::chrono::milliseconds life) {
  const concurrency::MutexLock lock(mutex_);
  LeadershipState& now = leadership();
  // An end more than two lives ahead: the clock was set back.
  const bool lives = now.clock < now.leader_until && now.leader_until <= now.clock + 2 * life;
  if (now.leader.holder != holder && lives) return std::nullopt;
  now.leader = {
      .holder = holder, .epoch = std::max(now.leader.epoch, above) + 1, .nonce = draw_nonce()};
  now.leader_until = now.clock + life;
  return TakenTerm{now.leader, now.clock};
}

std::optional<Renewal> MemoryLeadership::renew(const Term& term, std::chrono::milliseconds life) {
  const concurrency::MutexLock lock(mutex_);
  LeadershipState& now = leadership();
  if (now.leader != term) return std::nullopt;
  now.leader_until = now.clock + life;
  return Renewal{now.clock, now.standby_asked};
}

void MemoryLeadership::note_standby_asked() {
  const concurrency::MutexLock lock(mutex_);
  leadership().standby_asked = leadership().clock;
}

void MemoryLeadership::resign(const Term& term) {
  const concurrency::MutexLock lock(mutex_);
  if (leadership().leader == term) leadership().leader_until = Instant::min();
}

std::optional<Instant> MemoryLeadership::standing(const Term& term) {
  const concurrency::MutexLock lock(mutex_);
  if (leadership().leader != term) return std::nullopt;
  return leadership().clock;
}

}  // namespace stampede::repositories::memory
