#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "model/catalog/sale.h"
#include "model/catalog/sale_position.h"
#include "model/stock_lease.h"
#include "repositories/leasing/leadership.h"

namespace stampede::repositories {

/// One request for a lease; sent again with the same number, it is the same request.
struct LeaseRequest {
  std::string holder;       // Member::holder()
  std::int64_t number = 0;  // counts up from 1 per holder
  SaleId sale;
  std::int64_t ring_epoch = 0;  // a lease is granted only while the ring has this epoch
  LeaseId behind = {};          // a new lease gets a greater number than that, or is not granted
  std::optional<Sale> known =
      std::nullopt;  // a new lease is granted only by these terms; none: any

  /// Of the sale as it stands. How many units there are is no term: they are added at any time.
  bool knows_terms(const Sale& now) const {
    return !known || (known->price_cents == now.price_cents &&
                      known->per_buyer_limit == now.per_buyer_limit &&
                      known->starts_at == now.starts_at && known->ends_at == now.ends_at &&
                      known->captcha == now.captcha && known->hold == now.hold);
  }
};

/// Why a request is granted nothing.
enum class NoGrant {
  kNoUnits,      // the sale has fewer unleased
  kAnotherRing,  // the ring has another epoch than the request
  kOtherTerms,   // the sale has others than the request knows
  kUsedNumber,   // the next number is not behind that one: the database lost the lease that had it
};

/// Stock leases, as quantity control grants and fences them. Thread-safe; calls block.
class Leases {
 public:
  virtual ~Leases() = default;

  /// Moves `units` from the sale into a new open lease, in one conditional UPDATE; nullopt when the
  /// sale has fewer unleased.
  virtual std::optional<LeaseId> grant(SaleId sale, std::int64_t units, Instant now) = 0;
  /// The same for a validator, in the leader's name, idempotent: a request that was granted before
  /// answers its lease as it stands now, whatever `units` says. Throws NoLongerLeader.
  virtual std::expected<StockLease, NoGrant> grant(const Term& term, const LeaseRequest& request,
                                                   std::int64_t units, Instant now) = 0;
  /// From now on leases are granted with greater numbers than that one. In the leader's name.
  /// Throws NoLongerLeader.
  virtual void continue_behind(const Term& term, LeaseId lease, Instant now) = 0;
  /// The lease with the greatest number, whatever its state; 0: none.
  virtual LeaseId newest_lease() = 0;
  /// open → fenced; nothing for any other state. Of the one process that grants them, in `serve`.
  virtual void fence(LeaseId lease) = 0;
  /// The same in the leader's name. Throws NoLongerLeader.
  virtual void fence(const Term& term, LeaseId lease) = 0;
  /// Every lease not closed, in order of id.
  virtual std::vector<StockLease> not_closed() = 0;
  /// The position of every sale that had not ended, or had holds left (Sale::ended_with_holds()),
  /// at `ended_after`: in order of id, all in one snapshot. `sold` is what the unleased and the
  /// leased units leave: counting orders or closed leases would cost too much here (UnitCounts
  /// counts).
  virtual std::vector<SalePosition> stock(Instant ended_after) = 0;
};

}  // namespace stampede::repositories
