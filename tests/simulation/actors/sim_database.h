#pragma once

#include <functional>
#include <initializer_list>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "model/user.h"
#include "queue/shards.h"
#include "repositories/memory/memory_store.h"
#include "repositories/orders/quarantine.h"
#include "repositories/storage_error.h"
#include "tests/simulation/engine/network.h"
#include "tests/simulation/engine/row_locks.h"

namespace stampede::simulation {

/// Of planted bugs: the order, but cancelled where it has expired.
inline Order as_if_cancelled(Order order) {
  if (order.status != OrderStatus::kExpired) return order;
  order.status = OrderStatus::kCancelled;
  order.reason = FailureReason::kCancelled;
  return order;
}

/// The one database: what is in it, and whether it is away.
struct SimDatabase {
  explicit SimDatabase(Stage& stage)
      : process(stage, "database"),
        store(stage.profile.world == WorldKind::kServe ? 1 : std::size_t{queue::kShards}),
        stage_(&stage) {
    process.start();
  }

  Process process;
  repositories::memory::MemoryStore store;
  std::uint64_t changes = 0;  // rises with each
  RowLocks locks;
  /// Names a request for a lease, for its row.
  std::map<std::pair<std::string, std::int64_t>, std::int64_t> request_rows;
  bool locked(SaleId sale) const { return locks.locked({RowLocks::Kind::kSale, sale.value}); }
  bool away = false;
  bool full = false;           // nothing can be written
  bool sale_row_held = false;  // by somebody else, for long
  /// What quantity control reads for a heartbeat.
  enum class Part { kNone, kOrders, kStock, kSales, kBans, kSessions };
  Part failing = Part::kNone;                 // while all others answer
  int failovers = 0;                          // in which it lost its tail
  Duration clock_ahead{};                     // of the true time
  std::map<OrderNumber, Duration> committed;  // when each order was
  /// The buyers who are banned.
  struct Bans {
    std::map<UserId, BlacklistEntry> entries;
    std::map<UserId, std::int64_t> since;  // the change that banned the buyer until further notice
    std::int64_t revision = 1;
  };
  Bans bans;
  std::int64_t ban_changes = 0;  // so many, with those that a failover has lost
  /// As repositories::Blacklist::put() does it: an entry that expires replaces none that holds for
  /// longer.
  void put_ban(const BlacklistEntry& entry);
  void lift_ban(UserId buyer);
  /// A failover has lost what came behind these. From now on they count as made now: a process
  /// that has read a revision which was lost need not know them.
  void lose_bans(Bans kept);
  /// The last change that a process knows which has read that revision; -1: none.
  std::int64_t ban_change_of(std::int64_t revision) const;
  bool grown = false;        // by units that were added
  std::int64_t catalog = 1;  // the revision of the sales
  /// It is another one than any before, also than those that a failover has lost.
  void note_sales_changed() { catalog = ++newest_catalog_; }
  std::int64_t sales_changed = 0;  // the revision that told of an end that came early
  /// By sale: the newest change of the bans when it was made.
  std::map<SaleId, std::int64_t> bans_when_made;
  std::int64_t sold_long_ago = 0;  // orders, before the world began
  /// A session that ended: at the revision that is one more than its place.
  struct Ended {
    UserId buyer;
    SessionEpoch epoch;  // the lowest that is still valid
    Duration began;      // the clock of the process that ended it, before the commit
    Duration committed;
  };
  std::vector<Ended> sessions;
  std::map<UserId, SessionEpoch> session_epochs;
  /// What the operator may do between two statements of others.
  std::function<void()> between;
  /// Whether the tables refuse each row that was ever tried, by its intent and when that was taken.
  std::map<std::pair<std::string, Instant>, bool> refused;
  std::set<std::string> quarantined;  // intents

 private:
  void note_bans_changed();

  const Stage* stage_;
  std::int64_t newest_catalog_ = 1;
  std::map<std::int64_t, std::int64_t> told_by_revision_{{1, 0}};  // the last change of the bans
};

class SplitWrite;

/// One process's connection to it. Every statement may fail; every commit's answer may be lost,
/// whether or not the commit was made. In a fiber, what is written in a leader's name is written
/// statement by statement (split_write.h), and others run in between.
class DatabaseClient final : public repositories::OrderStore,
                             public repositories::Leases,
                             public repositories::Orders,
                             public repositories::OrderEvents,
                             public repositories::Members,
                             public repositories::Leadership,
                             public repositories::Quarantine {
 public:
  DatabaseClient(Stage& stage, Network& network, SimDatabase& database, const Process& client)
      : stage_(&stage), network_(&network), database_(&database), client_(&client) {}

  /// Called before each read: what others do to the database between two statements.
  std::function<void()> meanwhile;
  /// Of a file: nobody knows what a commit has become whose flush failed, and the process must not
  /// go on. Empty: it is a server's.
  std::function<void()> flush_failed;

  std::unique_ptr<repositories::OrderTransaction> begin() override;

  std::optional<LeaseId> grant(SaleId sale, std::int64_t units, Instant now) override;
  std::expected<StockLease, repositories::NoGrant> grant(const repositories::Term& term,
                                                         const repositories::LeaseRequest& request,
                                                         std::int64_t units, Instant now) override;
  void continue_behind(const repositories::Term& term, LeaseId lease, Instant now) override;
  LeaseId newest_lease() override;
  void fence(LeaseId lease) override;
  void fence(const repositories::Term& term, LeaseId lease) override;
  std::vector<StockLease> not_closed() override;
  std::vector<SalePosition> stock(Instant ended_after) override;

  repositories::PurchaseSnapshot purchase(SaleId sale, UserId buyer, const IdempotencyKey& intent,
                                          LeaseId lease) override;
  std::vector<repositories::OrderLine> of_buyer(UserId buyer, OrderNumber before,
                                                std::size_t limit) override;
  std::optional<repositories::OrderLine> find(OrderNumber number) override;
  std::vector<Order> since(std::int32_t shard, std::int64_t after, std::size_t most) override;
  std::vector<ShardEnd> newest() override;
  std::vector<std::int64_t> cursors_before_recent(Instant over_after) override;
  repositories::RecentSales recent_sales(Instant over_after) override;
  std::vector<Order> numbered(OrderNumber first, OrderNumber last, std::size_t most) override;

  /// At once or not at all: what decides has what it needs only until this returns.
  void change(OrderNumber number, const Decide& decide) override;
  Instant now() override;
  repositories::ExpiredHolds expire(const repositories::HoldsOf& holds, Instant due, Instant now,
                                    std::size_t most) override;
  std::vector<repositories::HoldsOf> holds(Instant over_after) override;
  std::optional<Payment> payment(const std::string& reference) override;
  std::vector<Payment> payments_of(OrderNumber number) override;
  std::vector<OrderEvent> of_order(OrderNumber number) override;
  std::vector<Order> changed(std::int32_t shard, std::int64_t after, std::size_t most) override;

  repositories::RingState ring() override;
  repositories::RingState replace(const repositories::Term& term,
                                  const repositories::RingChange& change, Instant now) override;

  std::optional<repositories::TakenTerm> take(const std::string& holder, std::int64_t above,
                                              std::chrono::milliseconds life) override;
  void note_standby_asked() override;
  std::optional<repositories::Renewal> renew(const repositories::Term& term,
                                             std::chrono::milliseconds life) override;
  void resign(const repositories::Term& term) override;
  std::optional<Instant> standing(const repositories::Term& term) override;

  /// Only what the tables refuse, or what nobody can read, belongs there. Throws Breach.
  void put(std::int32_t shard, std::string_view body, std::string_view reason,
           Instant now) override;
  std::int64_t count() override;

  /// While the ring, or the number of the next lease, is being changed: quantity control holds a
  /// mutex then.
  bool changes_ring() const { return changes_ring_; }

  bool planted(Bug bug) const { return stage_->bug == bug; }
  bool planted_in_serve(Bug bug) const {
    return planted(bug) && stage_->profile.world == WorldKind::kServe;
  }
  /// As reach(), before a statement about that part.
  void reach(SimDatabase::Part part);
  /// Statements that failed for another reason than that their part fails.
  std::uint64_t failures() const { return failures_; }
  /// Before each statement. Throws StorageError.
  void reach();
  /// Makes a change, or not, and says so, or not. Throws StorageError.
  void commit(const std::function<void()>& change);

 private:
  friend class SplitWrite;
  struct ChangingRing;

  /// As commit(), in a leader's name. `change` keeps what it needs.
  template <class Change>
  auto write(Change change);
  void wait_for_sale_row();
  /// Those rows, while something happens to orders.
  void lock(std::initializer_list<RowLocks::Row> rows);
  repositories::OrderFacts spoilt(repositories::OrderFacts facts) const;
  void expire_paid(Instant due, Instant now);
  repositories::Term term_of(const repositories::Term& term) const;

  Stage* stage_;
  Network* network_;
  SimDatabase* database_;
  const Process* client_;
  std::uint64_t failures_ = 0;
  bool changes_ring_ = false;
  bool gives_up_ = false;          // its next commit is made, and it does not hear so
  std::int64_t last_request_ = 0;  // Bug::kGrantRepeats alone
};

}  // namespace stampede::simulation
