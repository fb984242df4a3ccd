#pragma once

#include <memory>
#include <mutex>
#include <utility>

#include "services/routing/ring.h"

namespace stampede::services::routing {

/// The ring by which this process finds a buyer's owner, to be replaced while others look.
/// Thread-safe.
class RouteTable {
 public:
  /// Without members until the first load(). Never null.
  std::shared_ptr<const Ring> ring() const {
    const std::lock_guard lock(mutex_);
    return ring_;
  }
  void load(std::shared_ptr<const Ring> ring) {
    {
      const std::lock_guard lock(mutex_);
      ring_.swap(ring);
    }  // the ring before goes outside of the lock
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Ring> ring_ =  // guarded by mutex_
      std::make_shared<const Ring>(0, HashKey{}, std::vector<Member>{});
};

}  // namespace stampede::services::routing
