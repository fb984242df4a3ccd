#include "services/leasing/leader.h"

#include <algorithm>
#include <utility>

namespace stampede::services::leasing {

using concurrency::MutexLock;
using repositories::Term;

void Leader::step(Tick now) {
  std::optional<Term> held = term(now);
  std::int64_t above = 0;
  {
    const MutexLock lock(mutex_);
    above = above_;
  }
  // A term that ran out is not renewed, although nobody may have taken the lead: who missed that
  // much has missed heartbeats too, and begins again from the database.
  if (held && held->epoch > above) {
    if (!leadership_->renew(*held, life_)) return lost(*held);
    const MutexLock lock(mutex_);
    if (term_ == held) until_ = now + life_;
    return;
  }
  auto taken = leadership_->take(holder_, above, life_);
  const MutexLock lock(mutex_);
  term_ = std::move(taken);
  until_ = now + life_;
}

std::optional<Term> Leader::term(Tick now) const {
  const MutexLock lock(mutex_);
  return now < until_ ? term_ : std::nullopt;
}

void Leader::lost(const Term& term) {
  const MutexLock lock(mutex_);
  if (term_ == term) term_.reset();
}

void Leader::raise_above(std::int64_t epoch) {
  const MutexLock lock(mutex_);
  above_ = std::max(above_, epoch);
}

void Leader::resign() {
  std::optional<Term> held;
  {
    const MutexLock lock(mutex_);
    held = std::exchange(term_, std::nullopt);
  }
  if (held) leadership_->resign(*held);
}

}  // namespace stampede::services::leasing
