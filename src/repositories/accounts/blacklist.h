#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/user.h"

namespace stampede::repositories {

/// The entries of the blacklist that hold, in order of user, and the revision that has just these.
struct HeldBans {
  std::int64_t revision = 0;
  std::vector<BlacklistEntry> entries;
};

/// Buyers who may not buy. Thread-safe; calls block.
class Blacklist {
 public:
  virtual ~Blacklist() = default;

  /// Adds or replaces the entry of each user. An entry that expires never replaces one that holds
  /// for longer.
  virtual void put(std::span<const BlacklistEntry> entries) = 0;
  /// False if the user had no entry.
  virtual bool remove(UserId user) = 0;
  /// Those that hold at `now`, read together with their revision: a revision that was read apart
  /// could be older, and name another list once a failover has lost what came between.
  virtual HeldBans list(Instant now) = 0;
};

}  // namespace stampede::repositories
