#pragma once

#include <map>
#include <mutex>
#include <set>
#include <vector>

#include "model/sale.h"
#include "repositories/leases.h"
#include "repositories/order_ledger.h"

namespace stampede::repositories::memory {

/// The order ledger and the stock leases without a database: for tests and the simulator. It
/// refuses what the real tables refuse (a second slot, more units than granted) by throwing
/// std::logic_error, so that a rule which relies on nobody looking is found. Thread-safe;
/// transactions run one by one.
class MemoryLedger final : public OrderLedger, public Leases {
 public:
  struct State {
    std::map<SaleId, Sale> sales;
    std::map<LeaseId, StockLease> leases;
    std::vector<Order> orders;
    std::int64_t last_seq = 0;
    std::int64_t last_lease = 0;
  };

  /// Its whole quantity is unleased.
  void add_sale(const Sale& sale);
  State state() const;

  std::unique_ptr<LedgerTransaction> begin() override;

  std::optional<LeaseId> grant(SaleId sale, std::int64_t units, Instant now) override;
  void fence(LeaseId lease) override;
  std::vector<StockLease> not_closed() override;
  std::vector<StockSnapshot> stock(Instant ended_after) override;

 private:
  class Transaction;

  mutable std::mutex mutex_;
  State state_;  // guarded by mutex_
};

/// The invariants I1, I2 and I5 of DESIGN section 8, in words; empty if all hold.
std::vector<std::string> broken_invariants(const MemoryLedger::State& state);

}  // namespace stampede::repositories::memory
