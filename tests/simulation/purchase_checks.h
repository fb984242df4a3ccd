#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "model/orders/order.h"
#include "tests/simulation/actors/sim_database.h"

namespace stampede::simulation {

/// One purchase that a validator has taken a unit for.
struct Taken {
  Purchase purchase;
  std::string holder;        // the process: its leases are granted to this name
  Duration clock_read;       // when it read the clock for this request
  Tick tick;                 // what that clock said
  std::int64_t bans_known;   // the revision that its process had loaded
  std::int64_t sales_known;  // likewise
  SaleId named;              // the sale that its buyer means; none: any
  bool refused = false;      // the queue certainly does not have it
  std::optional<Duration> arrived = std::nullopt;  // when the first copy came into its queue
  Duration arrived_last{};                         // and the last one
};

/// What must hold of each purchase from the moment it is taken: it does not fail without need
/// (docs/design.md#leases), nobody buys who may not, and I9. Throws Breach.
class PurchaseChecks {
 public:
  PurchaseChecks(Stage& stage, SimDatabase& database) : stage_(&stage), database_(&database) {}

  void taken(Taken taken);
  /// A lease was granted, to a request of that holder.
  void granted(LeaseId lease, const std::string& holder, std::int64_t request);
  void given_back(const Purchase& purchase);
  void arrived(const Purchase& purchase);
  /// An order of long before the world began.
  void sold_long_ago(const Order& order);
  /// Whether a copy of it has come into its queue since then.
  bool arrived_since(const Purchase& purchase, Duration then);
  /// A process opened a cookie of that epoch, or did not; which sessions it knows to have ended.
  void session(UserId buyer, SessionEpoch epoch, bool opened, std::int64_t ended_known) const;
  /// A new row.
  void written(const Order& order);

 private:
  using OfIntent = std::vector<Taken>;
  OfIntent& of(const IdempotencyKey& intent);
  Taken* find(const IdempotencyKey& intent, LeaseId lease);
  void check_interval(const Taken& taken);
  void check_permission(const Taken& taken) const;
  void check_too_late(const Order& order, const Taken& taken) const;
  void check_limit(const Order& order, const Taken& taken);

  Stage* stage_;
  SimDatabase* database_;
  std::unordered_map<std::string, OfIntent> intents_;
  /// Of a lease: the request that it was granted to.
  struct Granted {
    std::string holder;
    std::int64_t request = 0;
  };
  std::map<LeaseId, Granted> granted_;
  /// The last attempt of each buyer that counts, by the process that took it.
  struct Attempt {
    Tick tick;
    Duration decided;
    std::string intent;
  };
  std::map<std::pair<std::string, UserId>, Attempt> last_;
};

}  // namespace stampede::simulation
