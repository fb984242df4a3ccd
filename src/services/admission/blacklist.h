#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <limits>
#include <mutex>
#include <span>
#include <vector>

#include "concurrency/striped.h"
#include "model/user.h"

namespace stampede::services::admission {

/// Who may not buy, in memory: the operator's list, as the database holds it, and automatic entries
/// that the database does not hold yet. Thread-safe.
class Blacklist {
 public:
  bool holds(UserId user, Instant now);

  /// Replaces the list by the database's; automatic entries not yet taken stay.
  void load(std::span<const BlacklistEntry> entries);

  /// An automatic entry: refused from now on, and given out once by take_unsaved().
  void add(const BlacklistEntry& entry);
  /// What has to be written to the database, at most `most` at once.
  std::vector<BlacklistEntry> take_unsaved(std::size_t most = 500);
  /// Gives back what could not be written.
  void put_back(std::vector<BlacklistEntry> entries);

 private:
  using Until = boost::unordered_flat_map<UserId, Instant>;
  static Instant until(const BlacklistEntry& entry);

  concurrency::Striped<Until, 64> users_;
  std::mutex unsaved_mutex_;
  std::vector<BlacklistEntry> unsaved_;  // guarded by unsaved_mutex_
};

}  // namespace stampede::services::admission
