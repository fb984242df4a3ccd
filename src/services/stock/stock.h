#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "concurrency/mutex.h"
#include "model/ids.h"
#include "model/time.h"

namespace stampede::services::stock {

class Stock;

/// A unit taken out of a lease. commit() once it is in the order queue; dropped before, it is back
/// in the lease. A unit that was queued never comes back to memory (docs/design.md#consumer).
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
  struct Listener {
    /// Once for each lease that has no unit in memory and no reservation left: nothing of it will
    /// be published any more, so its close marker may go. No lock of the stock is held.
    std::function<void(LeaseId)> drained;
    /// A third of the last lease is left, or nothing: a further one is wanted. Told once until
    /// add() or stop_wanting(). No lock of the stock is held; must not block. May be empty.
    std::function<void()> low;
  };

  explicit Stock(Listener listener) : listener_(std::move(listener)) {}
  Stock(const Stock&) = delete;
  Stock& operator=(const Stock&) = delete;

  /// A lease to sell from since `now`, until `deadline` if it has one. `units` at least 1. One that
  /// is here already is left as it is.
  void add(LeaseId lease, std::int64_t units, std::optional<Tick> deadline = std::nullopt,
           Tick now = {});
  /// A later deadline; nothing for a lease that is fenced or not here.
  void renew(LeaseId lease, Tick deadline);

  /// One unit, or nullopt: nothing in memory to sell now.
  std::optional<Reservation> take(Tick now);

  /// Stops selling: every lease gives up its units in memory.
  void fence();
  /// What is known of one lease that is sold from.
  struct Held {
    LeaseId lease;
    std::int64_t units = 0;  // in memory
    std::optional<Tick> deadline;
    Tick last_taken{};  // or added
  };
  /// As fence(), for the leases that `which` chooses.
  void fence_if(const std::function<bool(const Held&)>& which);

  /// The leases that are sold from. `now` decides nothing: one past its deadline is still held.
  std::vector<Held> held() const;
  /// Whether a further lease is wanted, and forgetting that one is.
  bool wanting() const;
  void stop_wanting();

  /// Units in memory.
  std::int64_t available() const;

 private:
  friend class Reservation;
  struct Lease {
    Held held;
    std::int64_t reserved;  // taken, neither queued nor back
    std::int64_t low;       // units at which a further lease is wanted
    bool fenced = false;

    bool drained() const { return held.units == 0 && reserved == 0; }
  };

  /// Gives one reserved unit up, back into the lease or (queued) for good.
  void settle(LeaseId lease, bool queued);
  /// Whether `low` is to be told.
  bool turns_low() STAMPEDE_REQUIRES(mutex_);

  const Listener listener_;
  mutable concurrency::Mutex mutex_;
  std::vector<Lease> leases_ STAMPEDE_GUARDED_BY(mutex_);  // only those not drained
  bool wanting_ STAMPEDE_GUARDED_BY(mutex_) = false;
};

}  // namespace stampede::services::stock
