#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <limits>
#include <span>
#include <vector>

#include "concurrency/mutex.h"
#include "concurrency/striped.h"
#include "model/user.h"

namespace stampede::services::admission {

/// The buyers who may not buy, in memory: the entries of the database, and automatic entries that
/// are not in the database yet. Thread-safe.
class Blacklist {
 public:
  bool holds(UserId user, Instant now);

  /// Replaces the list by the database's; automatic entries not yet taken stay.
  void load(std::span<const BlacklistEntry> entries);

  /// Adds an automatic entry, in force from now on; take_unsaved() returns it once.
  void add(const BlacklistEntry& entry);
  /// Automatic entries that have to be written to the database, at most `most`.
  std::vector<BlacklistEntry> take_unsaved(std::size_t most = 500);
  /// Takes back entries that could not be written.
  void put_back(std::vector<BlacklistEntry> entries);

 private:
  using Until = boost::unordered_flat_map<UserId, Instant>;
  static Instant until(const BlacklistEntry& entry);

  concurrency::Striped<Until, 64> users_;
  concurrency::Mutex unsaved_mutex_;
  std::vector<BlacklistEntry> unsaved_ STAMPEDE_GUARDED_BY(unsaved_mutex_);
};

}  // namespace stampede::services::admission
