#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "captcha/captcha.h"
#include "concurrency/striped.h"
#include "model/catalog/sale.h"
#include "model/orders/order.h"
#include "net/network.h"
#include "queue/order_queue.h"
#include "services/admission/blacklist.h"
#include "services/purchase/attempt.h"
#include "services/purchase/buyer_stripe.h"
#include "services/purchase/refusals.h"
#include "services/purchase/sale_catalog.h"
#include "services/routing/ownership.h"

namespace stampede::services::purchase {

struct Rules {
  double check_rate = 1000;                    // tokens per second; 0: no bucket
  double check_burst = 1000;                   // bucket size
  int ipv6_prefix = net::kCustomerPrefix;      // of the networks that share it
  std::chrono::milliseconds interval{10'000};  // one attempt per buyer in this time; 0: none
  /// A request waits for so long for the outcome of its purchase. Then the one that began it is
  /// told "pending" (202), and a repeated one "unavailable" (503; docs/design.md#pending). A
  /// validator that forwarded it waits for 1.6 s, and proxies ask another one after 2 s.
  std::chrono::milliseconds wait{1'200};
  std::size_t stripes = 256;  // locks that the buyers are split over: a power of two, to 256
};

/// The purchase itself: the steps of `/check` (docs/design.md#steps), in their order, atomic per
/// buyer, and what becomes of them. It keeps the buyers; units and sales are its catalog's.
/// Thread-safe; never blocks on I/O. What it knows of buyers is striped over many locks, and none
/// is held across a wait.
class Checkout {
 public:
  /// What the checkout uses; all of it outlives the checkout.
  struct Parts {
    const captcha::Tokens& captcha;
    queue::OrderQueue& queue;
    admission::Blacklist& blacklist;
    /// Told, at most once until stock is added, that a sale wants a further lease. Must not block;
    /// may be empty.
    std::function<void(SaleId)> low_stock = {};
  };
  Checkout(const Rules& rules, const Parts& parts);
  Checkout(const Checkout&) = delete;
  Checkout& operator=(const Checkout&) = delete;

  /// Answers at once, or calls `wait` and answers through the waiter it makes: after the commit;
  /// with kPending once a broker has confirmed it, or when either takes longer than Rules::wait.
  /// A repeated intent that is undecided may be an order already, and the web role, which reads the
  /// database, may have told the buyer: kPending is said of it only once note_orders_known() shows
  /// that it was no order when the request came, else kUnavailable after Rules::wait.
  std::optional<Answer> attempt(const Attempt& attempt, const MakeWaiter& wait) {
    return stripes_.with(attempt.buyer.value,
                         [&](BuyerStripe& stripe) { return decide(stripe, attempt, wait); });
  }

  /// Orders as they stand in the database: of a batch just committed (waiting buyers are told, each
  /// HTTP thread woken once), or all of them at the start.
  void settle(std::span<const Order> orders);
  /// Purchases that were queue::Published::kSent and are in the queue now: buyers who wait are told
  /// that the outcome is pending.
  void note_queued(std::span<const Purchase> purchases);
  /// Purchases that certainly will not become orders: kSent and not in the queue, or put into
  /// quarantine. A unit that the queue never had is free, the others return when their lease
  /// closes; the attempts are given back, the intents forgotten.
  void note_refused(std::span<const Purchase> purchases);
  /// Leases with a purchase that was queued or sent before that tick and has no outcome; ascending.
  std::vector<LeaseId> undecided_since(Tick before) const;
  /// Every order that was committed before `asked` is settled here: a request before that with a
  /// key that is still undecided is told so. All leases below `oldest_open` were closed then, and
  /// those in `closed`: what is queued from them and has no outcome never will have one, and the
  /// intent may be tried again.
  void note_orders_known(Tick asked, LeaseId oldest_open, std::span<const LeaseId> closed = {});

  /// What is known of outcomes may not be the database's any more: a settled intent is answered 503
  /// until settle() tells it again; forget_doubted() forgets those that it did not tell.
  void doubt_outcomes();
  void forget_doubted();

  /// Which buyers to decide about; everybody until this is called. Once it returns, no attempt is
  /// decided by what was before.
  void load_ownership(const std::shared_ptr<const routing::Ownership>& ownership);
  /// From `tick` on another process may own these buyers without this one knowing, and no unknown
  /// intent is told *no*; never until this is called.
  void doubt_from(Tick tick) { doubt_from_.store(tick, std::memory_order_relaxed); }

  /// The sales as the database has them. Throws as SaleCatalog::load().
  void load_sales(std::span<const Sale> sales);
  /// The sales, their units in memory, and what buyers are told of them. Sales are loaded by
  /// load_sales() alone.
  SaleCatalog& catalog() { return catalog_; }
  const SaleCatalog& catalog() const { return catalog_; }

  /// Tells those who waited longer than Rules::wait that their purchase is pending, or that nothing
  /// is known of it here. To be called several times a second.
  void expire_waits(Tick now);
  /// Forgets buyers whose interval is over and intents of sales that have long been over
  /// (kRetention), and gives their memory back.
  void sweep(Now now);

  struct Statistics {
    std::size_t known_buyers = 0;
    std::size_t waiting = 0;
  };
  Statistics statistics() const;

 private:
  using Answered = std::optional<Answer>;

  stock::Stock::Listener listener_of(SaleId sale) const;
  Answered decide(BuyerStripe& stripe, const Attempt& attempt, const MakeWaiter& wait);
  Answered decide_new(BuyerStripe& stripe, const BuyerRecord* record, const Attempt& attempt,
                      bool sure, const MakeWaiter& wait);
  Answered buy(BuyerStripe& stripe, const CatalogSale& entry, const Attempt& attempt, bool sure,
               const MakeWaiter& wait);
  /// Calls `use(BuyerStripe&)` for all stripes, one after the other, each under its lock.
  void for_each_stripe(auto&& use) const;

  const Rules rules_;
  const Parts parts_;
  Refusals refusals_;
  std::atomic<Tick> doubt_from_{Tick::max()};
  mutable concurrency::Striped<BuyerStripe, 256> stripes_;
  SaleCatalog catalog_;
};

}  // namespace stampede::services::purchase
