#pragma once

#include <atomic>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "concurrency/mutex.h"
#include "model/member.h"
#include "peers/cluster_report.h"
#include "peers/messages.h"
#include "queue/order_queue.h"
#include "repositories/accounts/accounts.h"
#include "repositories/accounts/blacklist.h"
#include "repositories/catalog/catalog.h"
#include "repositories/changes.h"
#include "repositories/leasing/leadership.h"
#include "repositories/leasing/leases.h"
#include "repositories/leasing/members.h"
#include "repositories/orders/orders.h"
#include "services/leasing/grantor.h"
#include "services/leasing/leader.h"
#include "services/leasing/lease_times.h"
#include "services/leasing/ring_keeper.h"
#include "telemetry/log_limit.h"

namespace stampede::services::leasing {

/// Quantity control: grants leases, keeps the ring's members, and spreads what changed. Any number
/// of processes run it; one of them leads, and the others stand by: they answer nothing. All it
/// knows is in the database: a new leader reads it there, and counts every lease as just renewed
/// and every member of the ring as just heard of. What it judges by a wall clock (sales, bans) it
/// judges by the database's, which it hears with each renewal of its lead. Thread-safe; calls
/// block. Throws repositories::StorageError.
class QuantityControl {
 public:
  struct Parts {
    std::string holder;  // names this process; no other has that name, and none after a restart
    std::int64_t virtual_nodes = kVirtualNodes;  // points of each validator on the ring
    repositories::Leadership& leadership;
    repositories::Leases& leases;
    repositories::Leases& grants;  // the same leases, by a connection that may wait
    repositories::Members& members;
    repositories::Orders& orders;
    repositories::Catalog& catalog;
    repositories::Blacklist& blacklist;
    repositories::Accounts& accounts;
    repositories::Changes& changes;
    queue::OrderQueue& markers;
    /// Whether the broker takes close markers from this process now; must not block. May be empty:
    /// always.
    std::function<bool()> can_mark = {};
  };
  QuantityControl(const Parts& parts, const LeaseTimes& times);

  /// Why a request gets no answer, in words.
  struct Refusal {
    enum class Kind { kStandby, kNodeTaken, kSellsNothing } kind = Kind::kStandby;
    std::string words;

    /// Each leader would say the same.
    bool for_good() const { return kind == Kind::kNodeTaken; }
  };

  /// Renews the lead, or takes it where nobody has it. To be called four times a second, by one
  /// thread.
  /// True while this process leads and knows nothing yet: then recover() is to be called, with
  /// clocks that were read after this returned. If that fails for 3 s (LeaseTimes::recover), lead()
  /// gives up the term, so that a process whose database answers may take it; and likewise if no
  /// heartbeat is answered for 2.75 s (LeaseTimes::unheard), while validators ask one that stands
  /// by; or if the broker takes no close markers for 10 s (LeaseTimes::no_broker), once until it
  /// takes them again: another process may have a broker that does.
  [[nodiscard]] bool lead(Now now);
  /// Reads what the quantity control before this one left in the database, and begins the lease
  /// numbers of this term. For lead()'s thread.
  void recover(Now now);
  /// Before the process ends: another may lead at once.
  void resign();

  /// kNodeTaken: another live process has that node's name. kSellsNothing: the broker takes no
  /// purchases from the sender, while it takes those of another member. It counts as silent, and so
  /// loses its buyers to the others like a validator that is not heard of. Where the broker takes
  /// none from anybody, the ring stays. A part of the database that fails is
  /// left out of the reply, which claims nothing in its place.
  std::expected<peers::HeartbeatReply, Refusal> beat(const peers::Heartbeat& heartbeat, Now asked);
  /// May wait for the sale's row; nothing else waits for it meanwhile.
  std::expected<peers::LeaseReply, Refusal> ask(const peers::LeaseAsk& ask, Now asked);
  /// Closes what dead holders left and takes them off the ring. What fails keeps nothing else from
  /// being done, and is thrown at the end. To be called a few times a second, by one thread.
  void review(Now looked);

  std::expected<peers::ClusterReport, Refusal> report(Now now) const;

  // These do not block.

  /// A validator's heartbeat came while this process stands by: lead() tells the leader.
  void note_asked_in_vain() { asked_in_vain_ = true; }
  bool leads(Tick now) const { return leader_.term(now).has_value(); }
  /// By the database's clock, as this process heard it last.
  std::expected<Instant, Refusal> database_time(Now now) const;
  /// Of the last term of this process; 0: it has not led.
  std::int64_t leader_epoch() const { return leader_epoch_; }
  /// Parts of heartbeat replies that were left out because the database failed.
  std::int64_t left_out() const { return left_out_; }

 private:
  /// What is known in the name of one term.
  struct Memory {
    repositories::Term term;
    Grantor grantor;
    RingKeeper ring;
    repositories::Revisions revisions = {};
    LeaseId not_fenced = {};  // by the last review, because the database failed
  };
  using Term = repositories::Term;
  using HeartbeatReply = peers::HeartbeatReply;

  void note_answered(Tick asked);
  bool lacks_broker(Tick now);
  void give_up(Tick now, const char* why);
  /// Does `work`, which answers or acts in a term's name, and is given that term and the time by
  /// the database's clock; the database's word that another leads ends the term.
  template <class Result, class Work>
  std::expected<Result, Refusal> in_term(Now now, Work work);
  /// The database's time; throws NoLongerLeader.
  Instant require_time(const Term& term);
  /// False if the database failed, and with it this part of a reply. A part that is `needed` fails
  /// the whole reply instead.
  template <class Work>
  bool part(Work work, bool needed = false);
  void save_blacklist(const std::vector<BlacklistEntry>& entries);
  std::expected<peers::HeartbeatReply, Refusal> answer(const peers::Heartbeat& heartbeat,
                                                       const Term& term, Now now);

  std::expected<StockLease, repositories::NoGrant> grant_unless_locked(
      const Term& term, const repositories::LeaseRequest& request, std::int64_t units, Now now)
      STAMPEDE_REQUIRES(granting_);
  Memory* remembered(const Term& term) STAMPEDE_REQUIRES(mutex_);
  /// The database may have lost its tail: a change of the ring, leases.
  void doubt_tail(const Term& term);
  // `memory` is what mutex_ guards.
  void update_ring(Memory& memory, Instant now);
  void add_news(const peers::Heartbeat& heartbeat, peers::HeartbeatReply& reply, Memory& memory,
                const std::vector<BlacklistEntry>& unsaved, Now now);

  const Parts parts_;
  const LeaseTimes times_;
  Leader leader_;
  // Of the thread of lead() and recover().
  std::optional<Term> recovered_;  // the last term in which this process read what is known
  std::optional<Tick> knows_nothing_since_;
  Tick recovered_at_;
  Tick could_mark_ = Tick::min();            // when the broker was last seen to take close markers
  bool gave_up_without_broker_ = false;      // and has not had one since
  std::atomic<Tick> answered_{Tick::min()};  // the last heartbeat
  std::atomic<bool> asked_in_vain_ = false;  // while this process stood by
  std::atomic<std::int64_t> leader_epoch_ = 0;
  std::atomic<std::int64_t> left_out_ = 0;
  telemetry::LogLimit left_out_log_;
  /// Held by one grant after the other, before mutex_: each knows every number that was granted.
  concurrency::Mutex granting_;
  /// When a grant last waited in vain for the row of its sale.
  std::map<SaleId, Tick> locked_ STAMPEDE_GUARDED_BY(granting_);
  mutable concurrency::Mutex mutex_;
  /// Counts for its own term alone. None: this process has not led.
  std::optional<Memory> memory_ STAMPEDE_GUARDED_BY(mutex_);
  /// The database failed to take them.
  std::vector<BlacklistEntry> unsaved_ STAMPEDE_GUARDED_BY(mutex_);
};

}  // namespace stampede::services::leasing
