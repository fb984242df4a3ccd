#pragma once

#include <map>
#include <mutex>
#include <set>
#include <vector>

#include "model/sale.h"
#include "repositories/leases.h"
#include "repositories/members.h"
#include "repositories/order_ledger.h"
#include "repositories/orders.h"

namespace stampede::repositories::memory {

/// Orders, stock leases and the ring's members without a database: for tests and the simulator. It
/// refuses what the real tables refuse (a second slot, more units than granted) by throwing
/// std::logic_error, so that a rule which relies on nobody looking is found. Thread-safe, but it
/// locks no rows: who runs several transactions at a time locks them.
class MemoryLedger final : public OrderLedger, public Leases, public Orders, public Members {
 public:
  /// Order numbers are shared by that many queue shards.
  explicit MemoryLedger(std::size_t shards = 1);

  struct State {
    std::map<SaleId, Sale> sales;
    std::map<LeaseId, StockLease> leases;
    std::map<std::pair<std::string, std::int64_t>, LeaseId> requests;  // holder and number
    std::vector<Order> orders;
    std::vector<std::int64_t> last_seqs;  // of each queue shard
    std::int64_t last_lease = 0;
    RingState ring{.hash_key = "000102030405060708090a0b0c0d0e0f"};
  };

  /// Its whole quantity is unleased.
  void add_sale(const Sale& sale);
  /// As Catalog::add_stock() does it.
  void add_stock(SaleId sale, std::int64_t units);
  /// As Catalog::end_sale() does it.
  void end_sale(SaleId sale, Instant now);
  State state() const;
  /// The same without a copy: for one thread, until the next change.
  const State& view() const { return state_; }

  std::unique_ptr<LedgerTransaction> begin() override;

  std::optional<LeaseId> grant(SaleId sale, std::int64_t units, Instant now) override;
  std::optional<StockLease> grant(const LeaseRequest& request, std::int64_t units,
                                  Instant now) override;
  void fence(LeaseId lease) override;
  std::vector<StockLease> not_closed() override;
  std::vector<StockSnapshot> stock(Instant ended_after) override;

  PurchaseSnapshot purchase(SaleId sale, UserId buyer, const IdempotencyKey& intent,
                            LeaseId lease) override;
  /// Product names are empty here.
  std::vector<OrderLine> of_buyer(UserId buyer, OrderNumber before, std::size_t limit) override;
  std::optional<OrderLine> find(OrderNumber number) override;
  std::vector<Order> since(std::int32_t shard, std::int64_t after, std::size_t most) override;
  /// Begins with the first order of all.
  std::vector<std::int64_t> cursors_before_recent(Instant ended_after) override;
  void for_each_recent(Instant ended_after,
                       const std::function<void(const Order&)>& visit) override;

  RingState ring() override;
  RingState replace(std::int64_t epoch, std::span<const Member> members, Instant now) override;

 private:
  class Transaction;

  // With mutex_ held:
  std::optional<LeaseId> take(SaleId sale, std::int64_t units);
  OrderLine line(const Order& order) const;
  void append(Order&& order);

  mutable std::mutex mutex_;
  State state_;                                     // guarded by mutex_
  std::vector<std::vector<std::size_t>> by_shard_;  // guarded by mutex_; indices, by seq
};

/// The invariants I1, I2 and I5 of docs/design.md#invariants, in words; empty if all hold.
std::vector<std::string> broken_invariants(const MemoryLedger::State& state);

}  // namespace stampede::repositories::memory
