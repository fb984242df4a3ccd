#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "concurrency/mutex.h"
#include "model/time.h"
#include "peers/messages.h"
#include "queue/order_queue.h"
#include "services/leasing/lease_times.h"
#include "services/purchase/checkout.h"

namespace stampede::services::leasing {

/// A validator's side of stock leases in a cluster: asks for them when stock runs low, counts their
/// deadlines on its own monotonic clock from before it asked, renews them, and gives them up. It
/// never resumes a lease of a process before it. Thread-safe.
class Holder {
 public:
  struct Parts {
    std::string holder;  // Member::holder()
    purchase::Checkout& checkout;
    queue::OrderQueue& queue;
    /// Leases with a purchase whose publish has been unresolved since before that tick.
    std::function<std::vector<LeaseId>(Tick)> stuck;
    /// Whether the queue takes purchases now. May be empty: always.
    std::function<bool()> can_publish = {};
    /// Whether the queue's shard of that lease can be used. May be empty: always.
    std::function<bool(LeaseId)> shard_usable = {};
  };
  Holder(Parts parts, const LeaseTimes& times) : parts_(std::move(parts)), times_(times) {}

  /// Whether the broker takes purchases now.
  bool publishes() const { return !parts_.can_publish || parts_.can_publish(); }
  /// The leases to renew now.
  std::vector<LeaseId> to_renew(Tick now) const;
  /// Quantity control renewed these for a heartbeat sent at `asked`.
  void note_renewed(std::span<const LeaseId> leases, Tick asked);

  /// The ring has changed: all leases were for other buyers, and go back; `newest` is the newest
  /// of before the change. To be called before the checkout has the new ring, so that none of its
  /// buyers is sold a unit of them; until note_ring() no lease is asked for or taken.
  void give_back(LeaseId newest);
  /// To be called when the checkout has the new ring: leases are asked for in the name of that
  /// epoch and nonce from now on, and what was granted in the name of another is not sold from.
  void note_ring(std::int64_t epoch, const std::string& nonce);
  /// Leases that quantity control did not renew are not to be sold from any more: their deadlines,
  /// or the leases themselves, are in doubt.
  void keep_only(std::span<const LeaseId> renewed);
  /// The newest lease ever granted to this process.
  LeaseId newest() const;
  /// Another validator waits for units: idle leases of these sales go back.
  void recall(std::span<const SaleId> sales, Tick now);
  /// Gives up what is past its deadline, and what ended sales hold.
  void review(Now now);

  /// Requests to send now: for sales that run low, or begin soon and have nothing; at most one
  /// under way per sale.
  std::vector<peers::LeaseAsk> wanted(Now now);
  /// The answer to one, sent at `asked`.
  void note_answer(const peers::LeaseAsk& ask, const peers::LeaseReply& reply, Tick asked, Now now);
  /// No answer came: the same request is made again.
  void note_no_answer(const peers::LeaseAsk& ask, Tick now);

 private:
  struct Asking {
    std::int64_t number = 0;  // 0: the next request is a new one
    bool under_way = false;
    bool asked = false;  // ever: a sale that is new here gets its first lease before a buyer comes
    Tick not_before = Tick::min();
  };

  /// `asked_now`: in the name of the ring of now.
  void take(const StockLease& lease, bool asked_now, Tick deadline, Now now)
      STAMPEDE_REQUIRES(mutex_);

  const Parts parts_;
  const LeaseTimes times_;
  mutable concurrency::Mutex mutex_;
  std::int64_t epoch_ STAMPEDE_GUARDED_BY(mutex_) = 0;    // of the ring; 0: none
  std::string nonce_ STAMPEDE_GUARDED_BY(mutex_);         // of that epoch; empty: not told
  LeaseId newest_of_others_ STAMPEDE_GUARDED_BY(mutex_);  // leases up to it are not sold from
  LeaseId newest_ STAMPEDE_GUARDED_BY(mutex_);            // granted to this process
  std::int64_t last_number_ STAMPEDE_GUARDED_BY(mutex_) = 0;
  std::map<SaleId, Asking> asking_ STAMPEDE_GUARDED_BY(mutex_);
};

}  // namespace stampede::services::leasing
