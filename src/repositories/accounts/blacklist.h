#pragma once

#include <span>
#include <vector>

#include "model/user.h"

namespace stampede::repositories {

/// Buyers who may not buy. Thread-safe; calls block.
class Blacklist {
 public:
  virtual ~Blacklist() = default;

  /// Adds or replaces the entry of each user. An entry that expires never replaces one that holds
  /// for longer.
  virtual void put(std::span<const BlacklistEntry> entries) = 0;
  /// False if the user had no entry.
  virtual bool remove(UserId user) = 0;
  /// Those that hold at `now`, in order of user.
  virtual std::vector<BlacklistEntry> list(Instant now) = 0;
};

}  // namespace stampede::repositories
