#pragma once

#include <map>
#include <set>
#include <vector>

#include "model/catalog/sale.h"
#include "repositories/leasing/leases.h"
#include "repositories/memory/memory_leadership.h"
#include "repositories/orders/order_events.h"
#include "repositories/orders/order_store.h"
#include "repositories/orders/orders.h"

namespace stampede::repositories::memory {

/// Orders, stock leases and the ring's members without a database: for tests and the simulator. It
/// refuses what the real tables refuse (a second slot, more units than granted) by throwing
/// std::logic_error, so that a rule which relies on nobody looking is found. Thread-safe, but it
/// locks no rows: a caller that runs several transactions at a time must do so.
class MemoryStore : public OrderStore,
                    public Leases,
                    public Orders,
                    public OrderEvents,
                    public MemoryLeadership {
 public:
  /// Order numbers are shared by that many queue shards.
  explicit MemoryStore(std::size_t shards = 1);

  struct State : LeadershipState {
    std::map<SaleId, Sale> sales;
    std::map<LeaseId, StockLease> leases;
    std::map<SaleId, Instant> last_closed_at;                          // of a lease of each sale
    std::map<std::pair<std::string, std::int64_t>, LeaseId> requests;  // holder and number
    std::vector<Order> orders;                                         // as they are now
    std::vector<OrderEvent> events;  // what happened to them since
    std::vector<Payment> payments;
    std::map<std::pair<SaleId, std::int32_t>, std::int64_t> hold_cursors;  // seq, of each shard
    std::vector<ShardEnd> shards;                                          // of the queue
    std::int64_t last_drawn = 0;  // number of a lease, perhaps of none
  };

  /// Its whole quantity is unleased.
  void add_sale(const Sale& sale);
  /// As Catalog::add_stock() does it.
  void add_stock(SaleId sale, std::int64_t units);
  /// As Catalog::end_sale() does it.
  void end_sale(SaleId sale, Instant now);
  /// The database's own clock, which stands still otherwise.
  void set_clock(Instant now);
  State state() const;
  /// The same without a copy: for one thread, until the next change.
  const State& view() const STAMPEDE_NO_THREAD_SAFETY_ANALYSIS { return state_; }
  /// What a database that failed over may hold: the state of a moment ago. Its clock goes on.
  void restore(State state);

  // What transactions of several statements need beside view(); their caller locks the rows, and
  // looks whether the leader leads.

  /// The number of a lease that is to be inserted; nobody else is given it.
  LeaseId draw_lease();
  /// The lease that was granted to that request, its units taken from the sale.
  void insert(const LeaseRequest& request, const StockLease& lease);

  std::unique_ptr<OrderTransaction> begin() override;

  std::optional<LeaseId> grant(SaleId sale, std::int64_t units, Instant now) override;
  std::expected<StockLease, NoGrant> grant(const Term& term, const LeaseRequest& request,
                                           std::int64_t units, Instant now) override;
  void continue_behind(const Term& term, LeaseId lease, Instant now) override;
  LeaseId newest_lease() override;
  void fence(LeaseId lease) override;
  void fence(const Term& term, LeaseId lease) override;
  std::vector<StockLease> not_closed() override;
  std::vector<SalePosition> stock(Instant ended_after) override;

  PurchaseSnapshot purchase(SaleId sale, UserId buyer, const IdempotencyKey& intent,
                            LeaseId lease) override;
  /// Product names are empty here.
  std::vector<OrderLine> of_buyer(UserId buyer, OrderNumber before, std::size_t limit) override;
  std::optional<OrderLine> find(OrderNumber number) override;
  std::vector<Order> since(std::int32_t shard, std::int64_t after, std::size_t most) override;
  std::vector<ShardEnd> newest() override;
  /// Begins with the first order of all.
  std::vector<std::int64_t> cursors_before_recent(Instant over_after) override;
  RecentSales recent_sales(Instant over_after) override;
  std::vector<Order> numbered(OrderNumber first, OrderNumber last, std::size_t most) override;

  void change(OrderNumber number, const Decide& decide) override;
  Instant now() override;
  ExpiredHolds expire(const HoldsOf& holds, Instant due, Instant now, std::size_t most) override;
  std::vector<HoldsOf> holds(Instant over_after) override;
  std::vector<OrderEvent> of_order(OrderNumber number) override;
  std::vector<Order> changed(std::int32_t shard, std::int64_t after, std::size_t most) override;
  std::optional<Payment> payment(const std::string& reference) override;
  std::vector<Payment> payments_of(OrderNumber number) override;

 private:
  class Transaction;

  LeadershipState& leadership() STAMPEDE_REQUIRES(mutex_) override { return state_; }
  LeaseId draw_number() STAMPEDE_REQUIRES(mutex_);
  void set_fenced(LeaseId lease) STAMPEDE_REQUIRES(mutex_);
  std::optional<LeaseId> take_units(SaleId sale, std::int64_t units) STAMPEDE_REQUIRES(mutex_);
  OrderLine line(const Order& order) const STAMPEDE_REQUIRES(mutex_);
  void append(Order&& order) STAMPEDE_REQUIRES(mutex_);
  void append(const OrderEvent& event) STAMPEDE_REQUIRES(mutex_);
  void happen(Order& order, OrderEvent event) STAMPEDE_REQUIRES(mutex_);
  Order* find_order(OrderNumber number) STAMPEDE_REQUIRES(mutex_);
  std::optional<Instant> settled_at(SaleId sale) const STAMPEDE_REQUIRES(mutex_);

  State state_ STAMPEDE_GUARDED_BY(mutex_);
  /// Of each shard: its orders as they were created, and as they were after each event, by seq.
  std::vector<std::vector<Order>> by_shard_ STAMPEDE_GUARDED_BY(mutex_);
  std::map<OrderNumber, std::size_t> by_number_ STAMPEDE_GUARDED_BY(mutex_);  // indices of orders
};

}  // namespace stampede::repositories::memory
