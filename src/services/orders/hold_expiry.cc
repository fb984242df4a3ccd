#include "services/orders/hold_expiry.h"

#include <exception>

#include "repositories/storage_error.h"

namespace stampede::services::orders {
namespace {

/// Holds of a sale that has been over for longer have all been looked at, unless nobody looked for
/// as long.
constexpr std::chrono::hours kLookedAtFor{30 * 24};

}  // namespace

std::int64_t HoldExpiry::step() {
  const Instant now = events_->now();
  std::int64_t expired = 0;
  std::exception_ptr failure;
  for (const repositories::HoldsOf& holds : events_->holds(now - kLookedAtFor)) {
    try {
      for (bool more = true; more;) {
        const auto found = events_->expire(holds, now - grace_, now, kAtOnce);
        expired += found.expired;
        more = found.more;
      }
    } catch (const repositories::StorageError&) {
      // A row that stays locked keeps no other sale and no other shard waiting.
      if (!failure) failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
  return expired;
}

}  // namespace stampede::services::orders
