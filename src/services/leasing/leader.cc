#include "services/leasing/leader.h"

#include <algorithm>
#include <utility>

namespace stampede::services::leasing {

using concurrency::MutexLock;
using repositories::TakenTerm;
using repositories::Term;
using std::chrono::milliseconds;

void Leader::step(Tick now) {
  const std::optional<TakenTerm> held = term(now);
  std::int64_t above = 0;
  {
    const MutexLock lock(mutex_);
    above = above_;
  }
  // A term that ran out is not renewed, even if no other process has taken the lead: a process that
  // missed so much has missed heartbeats too, and begins again from the database.
  if (held && held->epoch > above) {
    const auto renewal = leadership_->renew(*held, life_);
    if (!renewal) return note_lost(*held);
    note_time(renewal->at, now);
    // One that lies ahead was written before the database's clock was set back.
    standby_asked_ = renewal->standby_asked > renewal->at - life_ &&
                     renewal->standby_asked <= renewal->at + life_;
    const MutexLock lock(mutex_);
    if (term_ == held) until_ = now + life_;
    return;
  }
  if (now < stands_by_until_) return;
  auto taken = leadership_->take(holder_, above, life_);
  standby_asked_ = false;
  if (taken) note_time(taken->at, now);
  const MutexLock lock(mutex_);
  term_ = std::move(taken);
  until_ = now + life_;
}

void Leader::note_time(Instant database, Tick now) {
  const auto ahead =
      database.time_since_epoch() - std::chrono::floor<milliseconds>(now.time_since_epoch());
  database_ahead_ = ahead.count();
}

Instant Leader::database_time(Now now) const {
  const std::int64_t ahead = database_ahead_;
  if (ahead == kUnknown) return now.wall;
  return Instant{std::chrono::floor<milliseconds>(now.tick.time_since_epoch()) +
                 milliseconds{ahead}};
}

std::optional<TakenTerm> Leader::term(Tick now) const {
  const MutexLock lock(mutex_);
  return now < until_ ? term_ : std::nullopt;
}

void Leader::note_lost(const Term& term) {
  const MutexLock lock(mutex_);
  if (term_ == term) term_.reset();
}

void Leader::raise_above(std::int64_t epoch) {
  const MutexLock lock(mutex_);
  above_ = std::max(above_, epoch);
}

void Leader::resign() {
  std::optional<TakenTerm> held;
  {
    const MutexLock lock(mutex_);
    held = std::exchange(term_, std::nullopt);
  }
  if (held) leadership_->resign(*held);
}

void Leader::stand_by(Tick until) {
  stands_by_until_ = until;
  resign();
}

}  // namespace stampede::services::leasing
