#pragma once

#include <memory>
#include <utility>

#include "concurrency/mutex.h"
#include "services/routing/ring.h"

namespace stampede::services::routing {

/// The ring by which this process finds a buyer's owner, to be replaced while others look.
/// Thread-safe.
class RouteTable {
 public:
  /// Without members until the first load(). Never null.
  std::shared_ptr<const Ring> ring() const { return ring_.copy(); }
  void load(std::shared_ptr<const Ring> ring) { ring_.set(std::move(ring)); }

 private:
  concurrency::Guarded<std::shared_ptr<const Ring>> ring_{
      std::make_shared<const Ring>(0, HashKey{}, std::vector<Member>{})};
};

}  // namespace stampede::services::routing
