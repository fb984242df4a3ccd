#pragma once

#include <map>
#include <set>
#include <string>

#include "services/orders/order_changes.h"
#include "tests/simulation/actors/sim_database.h"
#include "tests/simulation/checks.h"

namespace stampede::simulation {

/// What buyers do about their held orders, and the provider that captures their payments: it tells
/// of each again until it is answered, sometimes twice, and sometimes late. What is due to go back
/// goes back.
class Payments {
 public:
  Payments(Stage& stage, Network& network, SimDatabase& database, Checks& checks);

  void start();
  /// Every payment that was captured has been told, and what was due to go back has gone back.
  bool done() const;

 private:
  void look();
  void decide(const Order& held);
  void capture(OrderNumber number, std::int64_t cents);
  void tell(const std::string& reference);
  void refund(const std::string& reference);
  void later(Duration low, Duration high, std::function<void()> what);

  struct Captured {
    OrderNumber order;
    std::int64_t cents = 0;
  };
  Stage* stage_;
  SimDatabase* database_;
  Checks* checks_;
  Process process_;
  DatabaseClient client_;
  services::orders::OrderChanges changes_{client_};
  std::size_t orders_seen_ = 0;
  int planned_ = 0;                           // payments that buyers will make
  std::map<std::string, Captured> captured_;  // by reference
  std::set<std::string> untold_;              // likewise, and not answered yet
  std::set<std::string> refunding_;
};

}  // namespace stampede::simulation
