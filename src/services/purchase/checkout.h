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
};

/// What a product's page is told of its current sale.
struct SaleView {
  Sale sale;
  SaleStatus status = SaleStatus::kUpcoming;
};

struct Rules {
  double check_rate = 1000;                    // tokens per second; 0: no bucket
  double check_burst = 1000;                   // bucket size
  std::chrono::milliseconds interval{10'000};  // one attempt per buyer in this time; 0: none
  std::chrono::milliseconds wait{2'000};       // then a waiting buyer is told 202
};

/// The purchase itself: the steps of `/check` (DESIGN section 1), in their order, atomic per buyer.
/// Thread-safe; never blocks on I/O. What it knows of buyers is striped over many locks, and none
/// is held across a wait.
class Checkout {
 public:
  /// Doors and tools, which outlive the checkout.
  struct Parts {
    const captcha::Tokens& captcha;
    queue::OrderQueue& queue;
    admission::Blacklist& blacklist;
  };
  Checkout(const Rules& rules, const Parts& parts);
  ~Checkout();

  /// Answers at once, or calls `wait` and answers through the waiter it makes: after the commit, or
  /// with kPending when that takes longer than Rules::wait.
  std::optional<Answer> attempt(const Attempt& attempt, const MakeWaiter& wait);

  /// Orders as they stand in the database: of a batch just committed (waiting buyers are told, each
  /// door thread woken once), or all of them at the start.
  void settle(std::span<const Order> orders);

  /// The sales as the database has them.
  void load_sales(std::span<const Sale> sales);
  /// Sales that have ended give up their units in memory. To be called a few times a second.
  void close_ended(Instant now);
  /// Whether a lease of that sale could be sold here: it is known and has not ended.
  bool can_sell(SaleId sale, Instant now) const;
  /// Units to sell. False, and nothing added, where can_sell() is false.
  bool add_lease(SaleId sale, LeaseId lease, std::int64_t units, Instant now);
  /// What one snapshot of the database, asked for at `asked`, says of a sale: "sold out" holds for
  /// 2 s from then (I7).
  void note_stock(SaleId sale, bool sold_out, Tick asked);
  /// Gives up all units in memory, for a shutdown.
  void stop_selling();

  /// The current sale of a product: the one that is on, else the next, else the last.
  std::optional<SaleView> view(ProductId product, Now now) const;
  /// The current sale of each product that has one, in order of product.
  std::vector<SaleView> views(Now now) const;

  /// Tells those who waited longer than Rules::wait that their purchase is pending. To be called
  /// several times a second.
  void expire_waits(Tick now);
  /// Forgets buyers whose interval is over and intents of sales that ended 24 h ago.
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
