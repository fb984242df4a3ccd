#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <ratio>

#include "model/ids.h"
#include "model/time.h"
#include "repositories/leases.h"

namespace stampede::services::leasing {

/// The numbers of leases in one leader's term. Messages of a lease that the database lost in a
/// failover may still be in the queue, and must not be taken for another lease's. So no number is
/// given twice: those of a term begin at the time of its take since 1970, by the database's clock,
/// in units of 10 microseconds. The leases of earlier terms have lower numbers, also those that
/// nobody who is left has heard of. Where the server that took over has a clock that is behind,
/// numbers go on behind the greatest that any validator knows. Not thread-safe.
class LeaseNumbers {
 public:
  /// The term was taken then. It grants fewer than 100 leases a millisecond, because each is a
  /// transaction, and they follow one another.
  void begin(Instant taken_at) {
    using Units = std::chrono::duration<std::int64_t, std::ratio<1, 100'000>>;
    note({Units(taken_at.time_since_epoch()).count()});
  }
  /// That lease was granted, and the database knows it.
  void saw(LeaseId lease) { newest_ = std::max(newest_, lease); }
  /// A validator has reported that lease: the next number must be greater.
  void note(LeaseId lease) {
    above_ = std::max(above_, lease);
    if (above_ > newest_) known_ = false;
  }
  /// The database may have lost its newest leases.
  void doubt() { known_ = false; }

  LeaseId newest() const { return newest_; }
  /// The greatest that is known of, whether or not the database knows it.
  LeaseId greatest() const { return std::max(newest_, above_); }
  /// The database grants none of the numbers up to newest() again.
  bool known() const { return known_; }
  /// Makes that so. Behind what this process itself knows too: it may have led on while the
  /// database lost that. Throws repositories::StorageError and NoLongerLeader.
  void continue_in(repositories::Leases& leases, const repositories::Term& term, Instant now) {
    if (known_) return;
    const LeaseId newest = greatest();
    leases.continue_behind(term, newest, now);
    newest_ = newest;
    known_ = true;
  }

 private:
  LeaseId newest_;  // ever seen
  LeaseId above_;
  bool known_ = true;
};

}  // namespace stampede::services::leasing
