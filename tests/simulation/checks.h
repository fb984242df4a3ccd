#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "model/orders/order.h"
#include "model/orders/verdict.h"
#include "tests/simulation/actors/sim_database.h"
#include "tests/simulation/purchase_checks.h"

namespace stampede::simulation {

/// Units that buyers wanted, within their limits; some lose the right to buy on the way.
struct Demand {
  std::int64_t least = 0;
  std::int64_t most = 0;
};

/// The invariants of docs/design.md#invariants, and two that follow from how they are kept: no
/// order lacks a unit (the escrow), and what the broker confirmed becomes a row. Throws Breach.
class Checks {
 public:
  Checks(Stage& stage, SimDatabase& database)
      : purchases(stage, database), stage_(&stage), database_(&database) {}

  PurchaseChecks purchases;

  /// What buyers sent and were told.
  void attempted(UserId buyer, const IdempotencyKey& key);
  void said_yes(const IdempotencyKey& key, OrderNumber number);
  /// `last_word`: no other request of that key is under way.
  void said_no(const IdempotencyKey& key, bool last_word);
  bool told_yes(const IdempotencyKey& key) { return known(key).yes.has_value(); }
  /// `after_yes`: its buyer had been told yes before this request was sent.
  void said_pending(const IdempotencyKey& key, bool after_yes);
  void said_failed(const IdempotencyKey& key);
  /// That a sale is over, has not begun or is sold out: of that sale, or of the current one, by a
  /// process that read its clock at that time.
  void said_refusal(Verdict verdict, SaleId sale, Duration clock_read);
  /// The database's place was taken by one that lacks what was committed last.
  void lost_tail();
  /// Somebody waited so long for an answer, in time that their process was running.
  static void waited(Duration time, Duration longest);
  /// The broker has it for good, as a publisher understood.
  void confirmed(const Purchase& purchase);

  /// A validator knows these orders, by number, and that all leases below `oldest_open` are closed,
  /// from a heartbeat of that time.
  void told_closed(LeaseId oldest_open, const std::vector<bool>& known, Duration asked);
  /// One validator sold while another would have said *no* to the same intent.
  void sold_beside_a_no(const Purchase& purchase);

  /// The provider has a buyer's money.
  void captured(const std::string& reference, OrderNumber order, std::int64_t cents);
  /// A yes that named a time to pay by.
  void said_held(const IdempotencyKey& key, Instant pay_by);

  void after_event();
  void at_end(const Demand& demand);

 private:
  struct Key {
    UserId buyer;
    std::optional<OrderNumber> yes;
    std::optional<Duration> no = std::nullopt;  // when it was heard, as the last answer
    bool confirmed = false;
    bool lost = false;  // by the database, after it had been committed; or that it was cancelled
    bool cancelled = false;  // or expired, at some time
    Duration changed{};      // when something happened to its order last
  };
  using State = repositories::memory::MemoryStore::State;
  /// Of one sale.
  struct Sum {
    std::int64_t active = 0;                  // orders
    std::int64_t unsold = 0;                  // in leases
    bool sold_out = false;                    // now
    Duration was_sold_out = Duration::min();  // when it stopped being so
  };

  /// Until then a validator may not have heard of a tail that was lost.
  Duration forgiven_until() const;
  Key& known(const IdempotencyKey& key);
  std::optional<Order> order_of(const IdempotencyKey& key);
  /// A *no* that was heard at that time, of a purchase that was too late until the database lost
  /// that its lease was closed. Its validator had not heard of that: a *no* is said for 2 s after a
  /// heartbeat, and takes up to 1 s to its buyer.
  bool was_true(const Order& order, Duration no) const {
    const auto reopened = reopened_.find(order.lease);
    return reopened != reopened_.end() && no < reopened->second + std::chrono::seconds{3};
  }
  void said_window(Verdict verdict, SaleId sale, Duration clock_read) const;
  void said_sold_out(SaleId sale, Duration clock_read) const;
  /// Rows are only ever added: each is looked at once.
  void check_new_orders(const State& state);
  void check_new_events(const State& state);
  /// What is still told of an order as it was before something happened to it.
  bool may_be_unheard(const Key& asked) const;
  void check_leases(const State& state);
  void check_failures(std::int64_t failed) const;
  /// What an event does to the sums.
  void count(const Order& order);
  void count_holds(const Order& order);
  void check_hold(const Order& order) const;
  void check_expiry(const OrderEvent& event, const Order& order) const;
  void check_money(const State& state) const;

  Stage* stage_;
  SimDatabase* database_;
  std::uint64_t seen_ = 0;         // changes of the database
  std::size_t orders_seen_ = 0;    // rows
  std::size_t events_seen_ = 0;    // likewise
  std::set<OrderNumber> counted_;  // orders that are in the sums
  Duration tail_lost_{};           // by the database, when, the last time
  std::map<SaleId, Sum> sums_;
  std::map<std::pair<SaleId, UserId>, std::int64_t> held_;  // active orders
  /// Orders that are active or have expired.
  std::map<std::pair<SaleId, UserId>, std::set<OrderNumber>> had_;
  std::unordered_map<std::string, OrderNumber> rows_;  // by intent
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  std::unordered_map<std::string, Key, TextHash, std::equal_to<>> keys_;
  std::map<LeaseId, std::int64_t> closed_;  // units sold when each lease was closed
  std::map<LeaseId, Duration> reopened_;    // when the database lost that they had been closed
  struct Captured {
    OrderNumber order;
    std::int64_t cents = 0;
  };
  std::map<std::string, Captured> captured_;  // payments, by reference
};

}  // namespace stampede::simulation
