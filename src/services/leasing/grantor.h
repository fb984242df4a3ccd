#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "model/stock_lease.h"
#include "model/time.h"
#include "peers/messages.h"
#include "queue/order_queue.h"
#include "services/leasing/lease_numbers.h"
#include "services/leasing/lease_times.h"

namespace stampede::services::leasing {

/// What quantity control remembers of stock leases in a cluster: when each was renewed, and which
/// are to be closed because their holder is gone: fenced in the database first, then by a close
/// marker through the queue, behind everything the holder published. It forgets at a restart, and
/// then every lease counts as just renewed. Asks no database; not thread-safe.
class Grantor {
 public:
  Grantor(queue::OrderQueue& markers, const LeaseTimes& times)
      : markers_(&markers), times_(times) {}

  /// The database granted that lease, or had granted it before; false if it is not to be sold
  /// from: it is no longer open, or about to be fenced.
  bool note_granted(const StockLease& lease, Tick now);
  /// The database had no lease for that request.
  void note_refused(const peers::LeaseAsk& ask, Tick now);

  /// Those of `leases` that are still open and this holder's: renewed from `now`, or from later if
  /// a later request was served first.
  std::vector<LeaseId> renew(const std::string& holder, std::span<const LeaseId> leases, Tick now);

  /// The leases that are not closed, as the database has them.
  void read(std::vector<StockLease> not_closed, Tick now);
  /// As of the last read: the oldest lease not closed; where there is none, the one behind the
  /// newest seen, because a validator may be granted the next before it hears this.
  LeaseId oldest_open() const;
  /// Those of `leases` that are closed, likewise.
  std::vector<LeaseId> closed(std::span<const LeaseId> leases) const;
  LeaseNumbers& numbers() { return numbers_; }
  const LeaseNumbers& numbers() const { return numbers_; }

  /// The open leases that were not renewed in time. From now on they are never renewed: they are to
  /// be fenced in the database, and then note_fenced() is called.
  std::vector<LeaseId> to_fence(Tick now);
  void note_fenced(LeaseId lease);
  /// Sends the markers that are due, of leases that the database shows fenced.
  void send_markers(Tick now);

  /// Sales of which another holder than `holder` asked for units just now and got none.
  std::vector<SaleId> recalled(const std::string& holder, Tick now) const;

 private:
  struct Known {
    StockLease lease;
    Tick renewed;
    bool given_up = false;                      // to be fenced, or fenced
    std::optional<Tick> marked = std::nullopt;  // when its marker was last sent
  };

  bool expired(const Known& known, Tick now) const {
    return now - known.renewed > times_.life + times_.guard;
  }

  queue::OrderQueue* markers_;
  const LeaseTimes times_;
  std::map<LeaseId, Known> known_;  // those not closed
  LeaseNumbers numbers_;
  std::map<std::pair<SaleId, std::string>, Tick> unserved_;  // the last request without a grant
};

}  // namespace stampede::services::leasing
