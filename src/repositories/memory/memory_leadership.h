#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "concurrency/mutex.h"
#include "repositories/leasing/leadership.h"
#include "repositories/leasing/members.h"

namespace stampede::repositories::memory {

/// What MemoryLeadership keeps, and what it needs of the store beside it.
struct LeadershipState {
  Instant clock;  // the database's own
  RingState ring{.hash_key = "000102030405060708090a0b0c0d0e0f"};
  Term leader;
  Instant leader_until;
  Instant standby_asked = Instant::min();
  std::int64_t last_lease = 0;  // the number of the newest one
};

/// The leader and the ring of a MemoryStore, under its lock. Thread-safe.
class MemoryLeadership : public Members, public Leadership {
 public:
  // For transactions of several statements; their caller locks the rows, and looks whether the
  // leader leads.

  /// The ring as the change makes it; set_ring() does.
  RingState changed_ring(const RingChange& change);
  void set_ring(RingState ring);

  RingState ring() override;
  RingState replace(const Term& term, const RingChange& change, Instant) override;

  std::optional<TakenTerm> take(const std::string& holder, std::int64_t above,
                                std::chrono::milliseconds life) override;
  std::optional<Renewal> renew(const Term& term, std::chrono::milliseconds life) override;
  void note_standby_asked() override;
  void resign(const Term& term) override;
  std::optional<Instant> standing(const Term& term) override;

 protected:
  virtual LeadershipState& leadership() STAMPEDE_REQUIRES(mutex_) = 0;
  /// Throws NoLongerLeader.
  void require_leader(const Term& term) STAMPEDE_REQUIRES(mutex_);

  mutable concurrency::Mutex mutex_;

 private:
  std::string draw_nonce() STAMPEDE_REQUIRES(mutex_);
  RingState make_ring(const RingChange& change) STAMPEDE_REQUIRES(mutex_);

  std::uint64_t nonces_ STAMPEDE_GUARDED_BY(mutex_) = 0;  // drawn so far
};

}  // namespace stampede::repositories::memory
