#include "services/orders/hold_expiry.h"

namespace stampede::services::orders {

std::int64_t HoldExpiry::step() {
  const Instant now = events_->now();
  std::int64_t expired = 0;
  for (const repositories::HoldsOf& holds : events_->holds()) {
    for (bool more = true; more;) {
      const auto found = events_->expire(holds, now - grace_, now, kAtOnce);
      expired += found.expired;
      more = found.more;
    }
  }
  return expired;
}

}  // namespace stampede::services::orders
