#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "captcha/captcha.h"
#include "consumers/batch_writer.h"
#include "identity/key_ring.h"
#include "queue/order_queue.h"
#include "repositories/accounts/accounts.h"
#include "repositories/accounts/blacklist.h"
#include "repositories/changes.h"
#include "repositories/leasing/leases.h"
#include "repositories/orders/order_events.h"
#include "repositories/orders/order_store.h"
#include "repositories/orders/orders.h"
#include "repositories/orders/quarantine.h"
#include "schedules/order_changes_feed.h"
#include "schedules/order_loading.h"
#include "schedules/reload.h"
#include "services/accounts/sessions.h"
#include "services/admission/blacklist.h"
#include "services/catalog/catalog.h"
#include "services/leasing/leasing.h"
#include "services/orders/hold_expiry.h"
#include "services/orders/order_writer.h"
#include "services/purchase/checkout.h"

namespace stampede::app {

/// The sale in one process: decides about purchases, sells from leases that it grants itself, says
/// how its purchases become orders, and follows what other processes change in the database. It
/// reads no clock and has no thread: threads call it in `stampede serve`, events do in the
/// simulation, and both run this.
///
/// A thread may call one method of it while other threads call others; a method that is not marked
/// as thread-safe is for one thread at a time.
class EmbeddedSale {
 public:
  /// Of one database, whose orders have one queue shard.
  struct Storage {
    repositories::Changes& changes;
    repositories::Accounts& accounts;
    repositories::Blacklist& blacklist;
    repositories::Leases& leases;
    repositories::Orders& orders;
    repositories::OrderEvents& order_events;
    repositories::OrderStore& order_store;
    repositories::Quarantine& quarantine;
  };
  /// What the references name outlives the sale.
  struct Parts {
    services::purchase::Rules rules;
    const captcha::Tokens& captcha;
    identity::KeyRing& keys;
    services::accounts::Sessions& sessions;
    services::catalog::Catalog& catalog;
    queue::OrderQueue& queue;
    Storage storage;
    /// The products have changed, or are known for the first time. Called by start() and reload(),
    /// once the checkout knows the sales.
    std::function<void(std::vector<Product>)> show;
    /// Units are back in a sale, and the next reload() sells them. Called by listener().closed.
    std::function<void()> want_reload;
    std::size_t orders_per_step = schedules::OrderLoading::kOrdersPerStep;
    std::chrono::milliseconds grace = Sale::kPaymentGrace;  // as HoldExpiry has it
  };
  /// Does no I/O. Until start() it sells nothing, and until all orders are loaded it tells nobody
  /// *no*.
  explicit EmbeddedSale(const Parts& parts);

  /// To be called once, before anything else and before the first request: what a process before
  /// this one left leased goes back into the sale, and sales, bans, ended sessions and stock are
  /// known. Blocks. Throws as reload(); then the sale must not be used any more.
  void start(Now now);

  /// What others changed in the database, and the key file, is known here, and all units that
  /// nobody holds are sold. To be called every schedules::kReloadPeriod, and when
  /// Parts::want_reload asks for it. Blocks. Throws as schedules::Reload::run(), and the next call
  /// tries again.
  void reload(Now now);
  /// Loads some of the orders that were there before start(); nothing once loading().complete.
  /// Blocks. Throws as schedules::OrderLoading::step().
  void load_orders(Now now) { loading_.step(now); }
  /// Answers whoever waited too long, and forgets buyers of sales long over. To be called every
  /// schedules::kHousekeepingPeriod.
  void housekeep(Now now);
  /// As services::orders::HoldExpiry::step(). To be called every schedules::kExpiryPeriod.
  std::int64_t expire_holds() { return expiry_.step(); }

  // For the one consumer of the queue. What these return must not be used once the sale is gone.

  /// Writes its batches.
  services::orders::OrderWriter writer() const { return writer_; }
  /// Where messages go that nothing can be made of.
  consumers::BatchWriter::DeadLetters dead_letters() const {
    return {.shard = kShard, .quarantine = &storage_.quarantine};
  }
  /// To be told what was written; may be told on any one thread. `away` is the caller's.
  consumers::BatchWriter::Listener listener();

  /// Decides about purchases. Thread-safe. What it is told of sales, orders and stock comes from
  /// here alone.
  services::purchase::Checkout& checkout() { return checkout_; }
  const services::purchase::Checkout& checkout() const { return checkout_; }
  /// How far the orders of before start() are loaded. Thread-safe.
  schedules::OrderLoading::Progress loading() const { return loading_.progress(); }

 private:
  static constexpr std::int32_t kShard = 0;  // the only one

  schedules::Reload::Parts reload_parts(const Parts& parts);
  void close_left_over();
  void review_stock(Now now);

  const Storage storage_;
  const std::function<void()> want_reload_;
  services::admission::Blacklist blacklist_;
  services::purchase::Checkout checkout_;
  services::leasing::Leasing leasing_;
  schedules::OrderLoading loading_;
  std::optional<schedules::OrderChangesFeed> order_changes_;  // from start() on
  schedules::Reload reload_;
  services::orders::OrderWriter writer_;
  services::orders::HoldExpiry expiry_;
  int rounds_ = 0;  // of housekeeping
};

}  // namespace stampede::app
