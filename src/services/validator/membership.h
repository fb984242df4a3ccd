#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "model/member.h"
#include "peers/messages.h"
#include "services/routing/ownership.h"

namespace stampede::services::validator {

/// A validator's place in the ring: which ring it goes by, and of which newly owned buyers it does
/// not know everything yet. For one thread.
class Membership {
 public:
  /// `sure`: how long an owner decides after its last heartbeat (leasing::LeaseTimes).
  Membership(Member self, std::chrono::milliseconds sure);

  /// Whether a reply's ring is older than the one that this validator goes by. Its sender has
  /// missed a change, so nothing that the reply says may be acted on.
  bool outdated(const peers::HeartbeatReply& reply) const {
    return reply.ring_epoch != 0 && reply.ring_epoch < ring().epoch();
  }
  /// The ring of a reply that is not outdated, if it tells one. True if it is another one than
  /// before: ownership() has changed, and leases up to the reply's newest are other buyers'. Throws
  /// std::invalid_argument for a ring that nobody can draw.
  bool take_ring(const peers::HeartbeatReply& reply, Tick now);
  /// All leases below `oldest_open` are closed, and all their orders are known here. True if
  /// ownership() has changed: of newly owned buyers everything is known.
  bool settle(LeaseId oldest_open, Tick now);

  /// What is known of buyers may be wrong: of each, everything is to be learnt again, until all
  /// leases up to `newest` are closed.
  void doubt_everybody(LeaseId newest);

  /// What to tell of the ring.
  const std::string& nonce() const { return nonce_; }

  /// At first of nobody. Never null.
  const std::shared_ptr<const routing::Ownership>& ownership() const { return ownership_; }
  const routing::Ring& ring() const { return *ownership_->ring; }

 private:
  bool is_ring_of(const peers::HeartbeatReply& reply) const;

  const Member self_;
  const std::chrono::milliseconds sure_;
  std::shared_ptr<const routing::Ownership> ownership_;
  std::string nonce_;  // of its ring; empty: none, or not told
};

}  // namespace stampede::services::validator
