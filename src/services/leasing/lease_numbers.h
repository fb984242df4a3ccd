#pragma once

#include <algorithm>

#include "model/ids.h"
#include "repositories/leases.h"

namespace stampede::services::leasing {

/// The numbers of leases in one leader's term go on behind the greatest that any validator knows:
/// messages of a lease that the database lost may still be in the queue, and must not be taken for
/// another lease's. Not thread-safe.
class LeaseNumbers {
 public:
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
