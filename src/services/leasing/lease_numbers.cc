#include "services/leasing/lease_numbers.h"

#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ratio>

namespace stampede::services::leasing {
namespace {

/// 10 microseconds.
using Unit = std::chrono::duration<std::int64_t, std::ratio<1, 100'000>>;

/// As random as the term's nonce: up to 17 minutes, in steps of a millisecond.
std::int64_t gap_of(const repositories::Term& term) {
  constexpr std::size_t kDigits = 5;
  const std::size_t from = term.nonce.size() - std::min(term.nonce.size(), kDigits);
  std::int64_t drawn = 0;
  std::from_chars(term.nonce.data() + from, term.nonce.data() + term.nonce.size(), drawn, 16);
  return (drawn + 1) * 100;
}

}  // namespace

void LeaseNumbers::begin(const repositories::TakenTerm& term) {
  gap_ = gap_of(term);
  const std::int64_t by_clock = Unit(term.at.time_since_epoch()).count();
  const bool clock_is_behind = by_clock <= newest_.value;
  above_ = {clock_is_behind ? newest_.value + gap_ : by_clock};
  known_ = false;
}

void LeaseNumbers::note_reported(LeaseId lease) {
  if (lease <= greatest()) return;
  above_ = {lease.value + gap_};
  known_ = false;
}

void LeaseNumbers::continue_in(repositories::Leases& leases, const repositories::Term& term,
                               Instant now) {
  if (known_) return;
  const LeaseId newest = greatest();
  leases.continue_behind(term, newest, now);
  newest_ = newest;
  known_ = true;
}

}  // namespace stampede::services::leasing
