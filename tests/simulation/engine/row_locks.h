#pragma once

#include <compare>
#include <cstdint>
#include <map>

#include "tests/simulation/engine/scheduler.h"

namespace stampede::simulation {

/// Who has locked which rows of the database. An owner is a transaction.
class RowLocks {
 public:
  using Owner = std::int64_t;
  enum class Kind { kBuyer, kLease, kShard };
  struct Row {
    Kind kind;
    std::int64_t id;
    friend auto operator<=>(const Row&, const Row&) = default;
  };

  /// A transaction begins.
  Owner begin(Duration now) {
    active_[++last_owner_] = now;
    return last_owner_;
  }
  /// The server is gone, and every transaction with it.
  void clear() {
    rows_.clear();
    active_.clear();
  }
  /// False: another has it. A transaction that was idle for too long has lost all that it had.
  bool lock(Owner owner, Row row, Duration now);
  /// Whether the server still goes on with that transaction; it was not idle now.
  bool holds(Owner owner, Duration now);
  void release(Owner owner);
  bool locked(Row row) const { return rows_.contains(row); }

 private:
  Owner last_owner_ = 0;
  std::map<Row, Owner> rows_;
  std::map<Owner, Duration> active_;  // when each ran its last statement
};

}  // namespace stampede::simulation
