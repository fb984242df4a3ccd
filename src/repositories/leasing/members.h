#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "model/ids.h"
#include "model/member.h"
#include "model/time.h"
#include "repositories/leasing/leadership.h"

namespace stampede::repositories {

/// The validators that share the buyers among them, as quantity control decided last.
struct RingState {
  std::int64_t epoch = 0;  // rises with every change of the ring
  std::string nonce;       // as model/ring_nonce.h has it; empty: epoch 0
  std::string hash_key;    // 32 hexadecimal digits: what buyers and nodes are hashed with
  std::int64_t virtual_nodes = kVirtualNodes;  // points of each member
  LeaseId newest_lease;                        // the last one granted before this epoch; 0: none
  std::vector<Member> members;                 // in order of node

  friend bool operator==(const RingState&, const RingState&) = default;
};

/// What the next ring is to be.
struct RingChange {
  std::int64_t epoch = 0;  // of the ring that it replaces
  std::int64_t above = 0;  // the next epoch is greater than this one too
  std::span<const Member> members;
  std::int64_t virtual_nodes = kVirtualNodes;
};

/// The ring's members, kept in the database so that quantity control can be restarted at any time
/// and the web role knows the owners. Thread-safe; calls block.
class Members {
 public:
  virtual ~Members() = default;

  /// The hash key is drawn when it is first asked for, and stays.
  virtual RingState ring() = 0;
  /// Replaces the ring that has the change's epoch, raises the epoch, draws a nonce and notes the
  /// newest lease, in one transaction; nothing if the ring has another epoch. Answers the ring as
  /// it is then. Throws NoLongerLeader.
  virtual RingState replace(const Term& term, const RingChange& change, Instant now) = 0;
};

}  // namespace stampede::repositories
