#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/simulation/actors/buyers.h"
#include "tests/simulation/actors/payments.h"
#include "tests/simulation/checks.h"
#include "tests/simulation/faults.h"

namespace stampede::simulation {

/// What became of one run.
struct Outcome {
  std::string breach;       // empty: every invariant held
  std::uint64_t trace = 0;  // the same for the same seed
  std::uint64_t events = 0;
  std::int64_t active = 0;  // orders
  std::int64_t failed = 0;
};

/// A whole sale in the world that `seed` makes, from its start until everything is quiet. Every
/// fifth seed makes a `stampede serve`, the others a cluster.
Outcome run(std::uint64_t seed, Bug bug = Bug::kNone, bool print = false);

/// What both have: a sale or two, the database, the operator, buyers, and what is checked.
class World {
 public:
  World(std::uint64_t seed, WorldKind kind, Bug bug, bool print);
  virtual ~World() = default;
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  /// Throws Breach.
  void run();
  Outcome outcome() const;

 protected:
  struct Parts {
    std::vector<CheckServer*> servers;
    Process& web;
    SimBroker* broker = nullptr;
    std::vector<Node> nodes;
    std::vector<Process*> quantities = {};
    std::vector<Process*> validators = {};
    std::function<void()> fail_over = {};
  };
  void add_sales();
  /// The operator's.
  void plan_changes();
  /// Once the processes are started: buyers come, and faults begin.
  void open(Parts parts);
  void add_stock();
  void make_late_sale();
  /// What still goes on, in words; empty if nothing does.
  virtual std::string unrest() const = 0;

  Stage stage_;
  Network network_{stage_};
  SimDatabase database_{stage_};
  Checks checks_{stage_, database_};

 private:
  /// As unrest(), of orders that are held.
  std::string open_holds() const;
  void cancel_some();
  void cancel(OrderNumber number);
  void plan_late_sale(const Sale& sale, Instant begins);
  void add_old_orders();
  void again(void (World::*what)());
  void edit();
  void end_early();
  void step();

  std::unique_ptr<Buyers> buyers_;
  std::unique_ptr<Faults> faults_;
  std::unique_ptr<Payments> payments_;  // of a sale with holds
  std::uint64_t events_ = 0;
  std::optional<Sale> late_sale_;  // not made yet
  Process operator_{stage_, "operator"};
  DatabaseClient operators_client_{stage_, network_, database_, operator_};
};

}  // namespace stampede::simulation
