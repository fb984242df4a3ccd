#pragma once

#include <vector>

#include "model/time.h"
#include "queue/order_queue.h"
#include "repositories/leasing/leases.h"
#include "services/purchase/checkout.h"

namespace stampede::services::leasing {

/// Stock leases of `stampede serve` (docs/design.md#leases): one lease holds the whole stock,
/// without a deadline; a restart closes it and opens the next; added or returned stock is a further
/// lease. For one thread. Throws repositories::StorageError.
class Leasing {
 public:
  Leasing(repositories::Leases& leases, queue::OrderQueue& queue, purchase::Checkout& checkout)
      : leases_(&leases), queue_(&queue), checkout_(&checkout) {}

  /// Fences every lease that a process before this one left open; answers their close markers. Once
  /// these are written, the units are unleased again and review() grants them.
  std::vector<queue::Message> fence_left_over();

  /// Reads the stock of every sale in one snapshot, tells the checkout what is sold out, and grants
  /// whatever is unleased to the sales that this process sells, from Sale::kTermsFixed before their
  /// start on. `orders_known`: every order committed before is settled in the checkout; until then
  /// no sale that is over counts as concluded.
  void review(Now now, bool orders_known = true);

 private:
  bool due(SaleId sale, Instant now) const;

  repositories::Leases* leases_;
  queue::OrderQueue* queue_;
  purchase::Checkout* checkout_;
};

}  // namespace stampede::services::leasing
