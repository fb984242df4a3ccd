#pragma once

#include <algorithm>
#include <cstdint>

#include "model/ids.h"
#include "model/time.h"
#include "repositories/leasing/leadership.h"
#include "repositories/leasing/leases.h"

namespace stampede::services::leasing {

/// The numbers of leases in one leader's term. Messages of a lease that the database lost in a
/// failover may still be in the queue, and must not be taken for another lease's. So numbers are
/// not given twice: those of a term begin at the time of its take since 1970, by the database's
/// clock, in units of 10 microseconds. The leases of earlier terms have lower numbers, also those
/// that nobody who is left has heard of. Where the clock of the server that took over is behind the
/// numbers that it knows, the term leaves a gap of random length. Not thread-safe.
class LeaseNumbers {
 public:
  /// To be called after note_granted(). A term grants fewer than 100 leases a millisecond, because
  /// each grant is a transaction, and they follow one another.
  void begin(const repositories::TakenTerm& term);
  /// That lease was granted, and the database knows it.
  void note_granted(LeaseId lease) { newest_ = std::max(newest_, lease); }
  /// A validator has reported that lease. If the database does not know it, the next number is
  /// greater by a gap: others may have been granted the numbers behind it.
  void note_reported(LeaseId lease);
  /// The database may have lost its newest leases.
  void doubt() { known_ = false; }

  LeaseId newest() const { return newest_; }
  /// The greatest that is known of, whether or not the database knows it.
  LeaseId greatest() const { return std::max(newest_, above_); }
  /// The database grants none of the numbers up to newest() again.
  bool known() const { return known_; }
  /// Makes that so. Behind what this process itself knows too: it may have led on while the
  /// database lost that. Throws repositories::StorageError and NoLongerLeader.
  void continue_in(repositories::Leases& leases, const repositories::Term& term, Instant now);

 private:
  std::int64_t gap_ = 0;  // of this term
  LeaseId newest_;        // ever seen
  LeaseId above_;
  bool known_ = true;
};

}  // namespace stampede::services::leasing
