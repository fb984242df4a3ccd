#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "model/ids.h"
#include "model/member.h"
#include "model/time.h"

namespace stampede::repositories {

/// The validators that share the buyers among them, as quantity control decided last.
struct RingState {
  std::int64_t epoch = 0;       // rises with every change of the members
  std::string hash_key;         // 32 hexadecimal digits: what buyers and nodes are hashed with
  LeaseId newest_lease;         // the last one granted before this epoch; 0: none
  std::vector<Member> members;  // in order of node

  friend bool operator==(const RingState&, const RingState&) = default;
};

/// The ring's members, kept in the database so that quantity control can be restarted at any time
/// and the web role knows the owners. Thread-safe; calls block.
class Members {
 public:
  virtual ~Members() = default;

  /// The hash key is drawn when it is first asked for, and stays.
  virtual RingState ring() = 0;
  /// Replaces the members of the ring that has `epoch`, raises the epoch and notes the newest
  /// lease, in one transaction; nothing if the ring has another epoch. Answers the ring as it is
  /// then.
  virtual RingState replace(std::int64_t epoch, std::span<const Member> members, Instant now) = 0;
};

}  // namespace stampede::repositories
