#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

#include "concurrency/mutex.h"
#include "model/time.h"
#include "repositories/leasing/leadership.h"
#include "services/leasing/lease_times.h"

namespace stampede::services::leasing {

/// Whether this process leads, as far as it knows: it renews its term, takes the lead where nobody
/// has it, and counts the term from before it asked, so that it stops first. The database has the
/// last word: whatever is written or answered in the term's name is checked there as well.
/// Thread-safe; `leadership` outlives it.
class Leader {
 public:
  /// `holder` names this process; no other has that name, and none after a restart.
  Leader(repositories::Leadership& leadership, std::string holder, const LeaseTimes& times)
      : leadership_(&leadership), holder_(std::move(holder)), life_(times.lead) {}

  /// Renews the term, or takes the lead where nobody has it. For one thread; blocks. Throws
  /// repositories::StorageError; the term runs on then.
  void step(Tick now);
  /// The term in whose name this process acts now; nullopt: it stands by.
  std::optional<repositories::TakenTerm> term(Tick now) const;
  /// What the database's clock shows at `now`, counted on the tick from the last step() that asked
  /// it, and so ahead by what that took, which is less than a term; before the first, this
  /// process's own wall clock. Does not block.
  Instant database_time(Now now) const;
  /// A process that stands by was asked within the last term's life, as the last renewal told.
  bool standby_asked() const { return standby_asked_; }
  /// Of a process that stands by: a validator asked it. Blocks; throws repositories::StorageError.
  void note_standby_asked() { leadership_->note_standby_asked(); }
  /// Another process took the lead: that term is over.
  void note_lost(const repositories::Term& term);
  /// A validator has reported a leader with that epoch: the next term's epoch must be greater.
  void raise_above(std::int64_t epoch);
  /// Lets another lead at once. Blocks; throws repositories::StorageError.
  void resign();
  /// Lets another lead at once, and takes no term before `until`. As resign(); for the thread of
  /// step().
  void stand_by(Tick until);

 private:
  void note_time(Instant database, Tick now);

  repositories::Leadership* leadership_;
  const std::string holder_;
  const std::chrono::milliseconds life_;
  mutable concurrency::Mutex mutex_;
  std::optional<repositories::TakenTerm> term_ STAMPEDE_GUARDED_BY(mutex_);
  Tick until_ STAMPEDE_GUARDED_BY(mutex_);  // of term_
  std::int64_t above_ STAMPEDE_GUARDED_BY(mutex_) = 0;
  Tick stands_by_until_ = Tick::min();
  std::atomic<bool> standby_asked_ = false;
  /// The database's time less the tick, in ms.
  static constexpr std::int64_t kUnknown = INT64_MIN;
  std::atomic<std::int64_t> database_ahead_{kUnknown};
};

}  // namespace stampede::services::leasing
