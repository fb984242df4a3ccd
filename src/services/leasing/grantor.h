#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "model/time.h"
#include "peers/messages.h"
#include "queue/order_queue.h"
#include "repositories/leases.h"
#include "services/leasing/terms.h"

namespace stampede::services::leasing {

/// Quantity control's side of stock leases in a cluster: grants them, counts their renewals, and
/// closes those whose holder is gone: fences the lease, then sends its close marker through the
/// queue, behind everything the holder published. What must not be forgotten is in the database;
/// after a restart every lease counts as just renewed. Not thread-safe. Throws
/// repositories::StorageError.
class Grantor {
 public:
  Grantor(repositories::Leases& leases, queue::OrderQueue& markers, const Terms& terms)
      : leases_(&leases), markers_(&markers), terms_(terms) {}

  /// A lease of `unleased` units' next size, for one of `validators`. Idempotent by holder and
  /// number. A lease that is not open any more, or no units: kNoUnits.
  peers::LeaseReply grant(const peers::LeaseAsk& ask, std::int64_t unleased,
                          std::int64_t validators, Now now);

  /// Those of `leases` that are still open and this holder's: renewed from `now`.
  std::vector<LeaseId> renew(const std::string& holder, std::span<const LeaseId> leases, Tick now);

  /// Reads the leases, fences those not renewed in time and sends the markers that are due. Answers
  /// the oldest lease not closed; where there is none, the one behind the newest seen, because a
  /// validator may be granted the next before it hears this.
  LeaseId review(Now now);
  /// That lease was granted, perhaps by a quantity control before this one.
  void saw(LeaseId lease) { newest_ = std::max(newest_, lease); }

  /// Sales of which somebody other than `holder` asked in vain just now.
  std::vector<SaleId> recalled(const std::string& holder, Tick now) const;

 private:
  struct Known {
    StockLease lease;
    Tick renewed;
    std::optional<Tick> marked = std::nullopt;  // when its marker was last sent
  };

  bool expired(const Known& known, Tick now) const {
    return now - known.renewed > terms_.life + terms_.guard;
  }

  repositories::Leases* leases_;
  queue::OrderQueue* markers_;
  const Terms terms_;
  std::map<LeaseId, Known> known_;                         // those not closed
  LeaseId newest_;                                         // ever seen
  std::map<std::pair<SaleId, std::string>, Tick> hungry_;  // who asked in vain, and when
};

}  // namespace stampede::services::leasing
