#pragma once

#include <boost/container/small_vector.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "model/orders/order.h"
#include "services/purchase/buyer_record.h"
#include "services/purchase/catalog_snapshot.h"
#include "services/purchase/completion_batch.h"
#include "services/routing/ownership.h"

namespace stampede::services::purchase {

/// Names one intent.
struct PendingKey {
  UserId buyer;
  std::uint64_t key_hash = 0;

  friend bool operator==(const PendingKey&, const PendingKey&) = default;
  friend std::size_t hash_value(const PendingKey& key) {
    return static_cast<std::size_t>(key.key_hash ^ static_cast<std::uint64_t>(key.buyer.value));
  }
};

/// A request that waits for the outcome of its purchase.
struct Waiting {
  Waiter waiter;
  Tick since;
  /// It came before its buyer can have been told yes for its key. After a yes "pending" would be
  /// untrue, so a request that may have come after one waits for the outcome.
  bool before_any_yes = false;
};

/// A purchase that is on its way and not settled, and the requests that wait for it: most often
/// one.
struct Pending {
  LeaseId lease;
  Tick since;
  boost::container::small_vector<Waiting, 1> waiting;
  std::optional<stock::Reservation> unit;  // until the queue has told what became of it
  bool told = false;                       // a buyer was told "pending", and watches the lease
  /// It may be an order of long ago, which no heartbeat brings again: "pending" is never said of
  /// it.
  bool may_be_old = false;

  /// Answers those that `which` chooses; they wait no longer.
  template <class Which>
  void tell(CompletionBatch& completions, const Answer& answer, Which&& which) {
    auto stays = waiting.begin();
    for (Waiting& request : waiting) {
      if (which(request)) {
        completions.add(std::move(request.waiter), answer);
        told = told || answer.verdict == Verdict::kPending;
      } else {
        if (&*stays != &request) *stays = std::move(request);
        ++stays;
      }
    }
    waiting.erase(stays, waiting.end());
  }
  void tell_all(CompletionBatch& completions, const Answer& answer) {
    for (Waiting& request : waiting) completions.add(std::move(request.waiter), answer);
    waiting.clear();
  }
};

/// Everything known of a share of the buyers, and what becomes of their purchases. Not thread-safe:
/// it is used under the lock of its stripe. Requests that were answered wake up when `completions`
/// is sent, without that lock.
struct BuyerStripe {
  // They stand in every stripe, so that an attempt reads them under the lock it holds anyway.
  std::shared_ptr<const CatalogSnapshot> sales = std::make_shared<CatalogSnapshot>();
  std::shared_ptr<const routing::Ownership> ownership = std::make_shared<routing::Ownership>();

  BuyerRecords buyers;
  boost::unordered_flat_map<PendingKey, Pending> pending;
  /// By when the orders of those intents are to be paid that are held: Order::pay_by.
  boost::unordered_flat_map<PendingKey, Instant> holds;
  /// A clock read before this tells nothing: attempts that are within the interval of it may be
  /// forgotten.
  Tick oldest_clock = Tick::min();

  // The rest is as the methods of Checkout with these names say.

  void settle(const Order& order, CompletionBatch& completions);
  void note_queued(const Purchase& purchase, CompletionBatch& completions);
  /// True if a buyer was told "pending", and watches the lease: it must be closed.
  bool note_refused(const Purchase& purchase, CompletionBatch& completions);
  void note_orders_known(Tick asked, LeaseId oldest_open, std::span<const LeaseId> closed,
                         CompletionBatch& completions);
  void doubt_outcomes();
  void forget_doubted();
  void expire_waits(Tick now, std::chrono::milliseconds wait, CompletionBatch& completions);
  void sweep(Now now, std::chrono::milliseconds interval);
};

}  // namespace stampede::services::purchase
