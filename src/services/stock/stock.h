#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "model/ids.h"
#include "model/time.h"

namespace stampede::services::stock {

class Stock;

/// One unit taken out of a lease. commit() once it is in the order queue; dropped before that, the
/// unit is back in the lease. A unit that was queued never comes back to memory (DESIGN section 4).
class [[nodiscard]] Reservation {
 public:
  Reservation(Reservation&& other) noexcept;
  Reservation& operator=(Reservation&&) = delete;
  ~Reservation();

  LeaseId lease() const { return lease_; }
  void commit() &&;

 private:
  friend class Stock;
  Reservation(Stock& stock, LeaseId lease) : stock_(&stock), lease_(lease) {}

  Stock* stock_;
  LeaseId lease_;
};

/// The units of one sale that this process may sell: what its leases still hold. Thread-safe.
/// Outlives its reservations.
class Stock {
 public:
  /// Called, without a lock held, once for each lease that has no unit in memory and no reservation
  /// left: nothing of it will be published any more, so its close marker may go.
  using Drained = std::function<void(LeaseId)>;

  explicit Stock(Drained drained) : drained_(std::move(drained)) {}
  Stock(const Stock&) = delete;
  Stock& operator=(const Stock&) = delete;

  /// A lease to sell from, until `deadline` if it has one. `units` at least 1.
  void add(LeaseId lease, std::int64_t units, std::optional<Tick> deadline = std::nullopt);

  /// One unit, or nullopt: nothing in memory to sell now.
  std::optional<Reservation> take(Tick now);

  /// Stops selling: every lease gives up its units in memory.
  void fence();

  /// Units in memory that can be taken.
  std::int64_t available() const;

 private:
  friend class Reservation;
  struct Lease {
    LeaseId id;
    std::int64_t units;     // not taken
    std::int64_t reserved;  // taken, neither queued nor back
    std::optional<Tick> deadline;
    bool fenced = false;

    bool drained() const { return units == 0 && reserved == 0; }
  };

  /// Gives one reserved unit up, back into the lease or (queued) for good.
  void settle(LeaseId lease, bool queued);

  const Drained drained_;
  mutable std::mutex mutex_;
  std::vector<Lease> leases_;  // guarded by mutex_; only those not drained
};

}  // namespace stampede::services::stock
