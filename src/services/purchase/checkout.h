#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "captcha/captcha.h"
#include "model/order.h"
#include "model/sale.h"
#include "model/user.h"
#include "model/verdict.h"
#include "queue/order_queue.h"
#include "services/admission/blacklist.h"
#include "services/purchase/sale_board.h"
#include "services/routing/ownership.h"

namespace stampede::services::purchase {

/// Runs a task on one thread of the door, in order.
using Post = std::function<void(std::move_only_function<void()>)>;

/// A buyer who waits for the outcome. `resume` runs on the thread that `post` reaches.
struct Waiter {
  const Post* post = nullptr;
  std::move_only_function<void(Answer&&)> resume;
};

/// Makes the waiter of one attempt. Called at most once, and only if the buyer has to wait: most of
/// a rush is refused at once.
using MakeWaiter = std::function<Waiter()>;

struct Attempt {
  UserId buyer;
  ProductId product;
  IdempotencyKey intent;
  std::string_view pass;  // the header Captcha-Pass, or empty
  Now now;
  SaleId sale = {};  // the sale that the buyer means; none: the product's current one
  /// How far `now` can be believed. By a wrong clock nobody is told *no* or *not yet*; where the
  /// tick may have stood still, and deadlines come too late, nothing is sold either.
  enum class Clock { kTrusted, kWrong, kJumped } clock = Clock::kTrusted;
};

struct Rules {
  double check_rate = 1000;                    // tokens per second; 0: no bucket
  double check_burst = 1000;                   // bucket size
  std::chrono::milliseconds interval{10'000};  // one attempt per buyer in this time; 0: none
  std::chrono::milliseconds wait{2'000};       // then a waiting buyer is told 202
  /// When a buyer has an answer: where the database is another machine's, as soon as the queue
  /// holds the purchase for good.
  enum class AnswerAfter { kCommit, kQueued } answer_after = AnswerAfter::kCommit;
  std::size_t stripes = 256;  // locks that the buyers are split over: a power of two, to 256
};

/// The purchase itself: the steps of `/check` (docs/design.md#steps), in their order, atomic per
/// buyer. Thread-safe; never blocks on I/O. What it knows of buyers is striped over many locks, and
/// none is held across a wait.
class Checkout {
 public:
  /// Doors and tools, which outlive the checkout.
  struct Parts {
    const captcha::Tokens& captcha;
    queue::OrderQueue& queue;
    admission::Blacklist& blacklist;
    /// Told, at most once until stock is added, that a sale wants a further lease. Must not block;
    /// may be empty.
    std::function<void(SaleId)> low_stock = {};
  };
  Checkout(const Rules& rules, const Parts& parts);
  ~Checkout();

  /// Answers at once, or calls `wait` and answers through the waiter it makes: after the commit;
  /// with kPending once a broker has confirmed it, or when either takes longer than Rules::wait.
  /// A repeated intent that is undecided may be an order already, and its buyer been told so by who
  /// reads the database: kPending is said of it only once note_orders_known() shows that it was no
  /// order when the request came, else kUnavailable after Rules::wait.
  std::optional<Answer> attempt(const Attempt& attempt, const MakeWaiter& wait);

  /// Orders as they stand in the database: of a batch just committed (waiting buyers are told, each
  /// door thread woken once), or all of them at the start.
  void settle(std::span<const Order> orders);
  /// Purchases that were queue::Published::kSent and are in the queue now: who waits is told that
  /// the outcome is pending.
  void note_queued(std::span<const Purchase> purchases);
  /// Purchases that certainly will not become orders: kSent and not in the queue, or put into
  /// quarantine. A unit that the queue never had is free, the others return when their lease
  /// closes; the attempts are given back, the intents forgotten.
  void note_refused(std::span<const Purchase> purchases);
  /// Leases with a purchase that was queued or sent before that tick and has no outcome; ascending.
  std::vector<LeaseId> undecided_since(Tick before);
  /// Every order that was committed before `asked` is settled here: who came before that with a
  /// key that is still undecided is told so. All leases below `oldest_open` were closed then: what
  /// is queued from them and has no outcome never will have one, and the intent may be tried again.
  void note_orders_known(Tick asked, LeaseId oldest_open);

  /// What is known of outcomes may not be the database's any more: a settled intent is answered 503
  /// until settle() tells it again; forget_doubted() forgets those that it did not tell.
  void doubt_outcomes();
  void forget_doubted();

  /// Which buyers to decide about; everybody until this is called. Once it returns, no attempt is
  /// decided by what was before.
  void load_ownership(std::shared_ptr<const routing::Ownership> ownership);
  /// From `tick` on another process may own these buyers without this one knowing, and no unknown
  /// intent is told *no*; never until this is called.
  void doubt_from(Tick tick);

  /// The sales as the database has them. Throws as SaleBoard::load().
  void load_sales(std::span<const Sale> sales);
  /// What buyers are told of them, and what is known of their stock.
  SaleBoard& board();
  /// Sales that have ended give up their units in memory. To be called a few times a second.
  void close_ended(Instant now);
  /// Units to sell, until `deadline` if there is one. False, and nothing added, for a sale that is
  /// unknown here or has ended.
  bool add_lease(SaleId sale, LeaseId lease, std::int64_t units, Now now,
                 std::optional<Tick> deadline = std::nullopt);
  /// Gives up all units in memory, for a shutdown.
  void stop_selling();

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
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace stampede::services::purchase
