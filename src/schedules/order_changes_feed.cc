#include "schedules/order_changes_feed.h"

#include <vector>

namespace stampede::schedules {

void OrderChangesFeed::step() {
  std::vector<Order> changed;
  do {
    changed = events_->changed(shard_, seen_, kAtOnce);
    if (changed.empty()) return;
    checkout_->settle(changed);
    seen_ = changed.back().seq;
  } while (changed.size() == kAtOnce);
}

}  // namespace stampede::schedules
