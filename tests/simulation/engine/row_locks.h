#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <vector>

#include "tests/simulation/engine/scheduler.h"

namespace stampede::simulation {

/// Which rows of the database are locked, and by which owner. An owner is a transaction.
class RowLocks {
 public:
  using Owner = std::int64_t;
  /// `kRequest`: the index entry of a lease's request. Of ring and leader there is one row.
  enum class Kind { kBuyer, kLease, kShard, kSale, kRequest, kRing, kLeader };
  struct Row {
    Kind kind;
    std::int64_t id = 0;
    friend auto operator<=>(const Row&, const Row&) = default;
  };
  enum class Mode { kExclusive, kShared };
  enum class Result {
    kLocked,
    kWaits,     // others have it
    kDeadlock,  // and wait themselves for what this owner has
  };

  /// A transaction begins.
  Owner begin(Duration now) {
    active_[++last_owner_] = now;
    return last_owner_;
  }
  /// The server is gone, and every transaction with it.
  void clear();
  /// A transaction that was idle for too long has lost all that it had.
  Result lock(Owner owner, Row row, Mode mode, Duration now);
  /// Whether the server still goes on with that transaction, which was not idle for too long; it is
  /// not idle now.
  bool holds(Owner owner, Duration now);
  void release(Owner owner);
  bool locked(Row row) const { return rows_.contains(row); }

 private:
  struct Holders {
    Mode mode = Mode::kExclusive;
    std::vector<Owner> owners = {};
  };
  void end_if_idle(Owner owner, Duration now);
  bool closes_circle(Owner owner, Row row, int depth) const;

  Owner last_owner_ = 0;
  std::map<Row, Holders> rows_;
  std::map<Owner, Duration> active_;  // when each ran its last statement
  std::map<Owner, Row> waits_;
};

}  // namespace stampede::simulation
