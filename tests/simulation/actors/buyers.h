#pragma once

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "services/accounts/sessions.h"
#include "services/orders/buyer_orders.h"
#include "tests/simulation/actors/check_server.h"
#include "tests/simulation/actors/keys.h"
#include "tests/simulation/checks.h"

namespace stampede::simulation {

/// Fifty buyers, or fewer, who do not give up: each wants a unit or two, asks any validator, and
/// asks again with the same key until there is an answer; follows what is pending; begins with a
/// new key after a failed purchase; and some ask once more long after they were answered.
class Buyers {
 public:
  struct Parts {
    Stage& stage;
    Network& network;
    std::vector<CheckServer*> servers;
    Process& web;  // answers `GET /purchases/…`
    SimDatabase& database;
    Checks& checks;
  };
  explicit Buyers(const Parts& parts);

  bool done() const { return open_ == 0; }
  /// Some of the buyers are banned now, just before a sale is made.
  void ban_some();
  /// What was wanted and not given up for an honest "sold out".
  Demand demand() const;

 private:
  using Report = services::orders::BuyerOrders::PurchaseReport;
  /// One unit that a buyer wants.
  struct WantedUnit {
    UserId buyer;
    IdempotencyKey key;
    std::int64_t repeats = 0;                              // of the key, after the answer
    SaleId sale = {};                                      // that is meant; none: the current one
    SaleId pending_in = {};                                // the sale
    LeaseId lease = {};                                    // of a pending purchase
    std::vector<std::weak_ptr<const void>> requests = {};  // of this key, not yet decided
    bool alone = false;  // no other was undecided when the last one was sent: its *no* is final
  };

  void add_buyer(UserId buyer);
  void add_unit(UserId buyer);
  SaleId any_sale();
  void ban(UserId buyer);
  void ban_again(UserId buyer);
  /// A session of the buyer ends: its revision is known when that is committed.
  void log_out(UserId buyer);
  Check request(const WantedUnit& unit, SaleId sale, std::shared_ptr<const void> alive);
  IdempotencyKey new_key(UserId buyer);
  void later(WantedUnit& unit, void (Buyers::*what)(WantedUnit&), Duration low, Duration high);
  void ask(WantedUnit& unit);
  void hear(WantedUnit& unit, const std::optional<Answer>& answer);
  void follow(WantedUnit& unit);
  void hear_report(WantedUnit& unit, const std::optional<Report>& report);
  void succeed(WantedUnit& unit, OrderNumber number);
  void fail(WantedUnit& unit, FailureReason reason);
  void refuse(WantedUnit& unit);
  void finish(WantedUnit& unit);

  const Parts parts_;
  Process process_;
  DatabaseClient client_;
  services::orders::BuyerOrders buyer_orders_{client_, client_};
  /// The web role's, by the keys of before a rotation, and of after it.
  std::array<services::accounts::Sessions, 2> sessions_{services::accounts::Sessions(key_ring()),
                                                        services::accounts::Sessions(key_ring(1))};
  std::map<std::tuple<UserId, SessionEpoch, int>, std::string> cookies_;
  std::deque<WantedUnit> units_;
  std::int64_t last_key_ = 0;
  /// What each buyer wants, and how often they were told that nothing is left.
  struct Wanted {
    std::int64_t units = 0;
    std::int64_t sold_out = 0;
    std::int64_t early = 0;   // attempts that may have come before the start
    bool keeps_right = true;  // is never banned, nor put on the blacklist for a reason
  };
  std::map<UserId, Wanted> wanted_;
  std::int64_t open_ = 0;  // units not granted and not refused
};

}  // namespace stampede::simulation
