#pragma once

#include <functional>
#include <vector>

#include "tests/simulation/actors/sim_broker.h"
#include "tests/simulation/actors/sim_database.h"

namespace stampede::simulation {

/// A process that faults may strike.
struct Node {
  Process* process;
  std::function<void()> start;  // null: it is never killed
  std::function<void()> kill;
  /// Null: it cannot stop in order. Calls back when it has.
  std::function<void(std::function<void()> gone)> leave = nullptr;
};

/// What breaks, when, and for how long, until Profile::faults_end; then everything is mended.
class Faults {
 public:
  struct Parts {
    Stage& stage;
    Network& network;
    SimBroker* broker;  // null: there is none
    SimDatabase& database;
    std::vector<Node> nodes;
    std::vector<Process*> quantities;
    std::vector<Process*> validators = {};
    /// The database's place is taken by one that lacks what was committed last. Empty: never.
    std::function<void()> fail_over = {};
  };
  explicit Faults(Parts parts);

 private:
  using Strike = void (Faults::*)();
  void again_and_again(bool chosen, Strike strike);
  void drop_connections();
  void take_broker_away();
  void block_broker();
  void lose_queue();
  void spoil_queue();
  void fail_part();
  void take_database_away();
  void fill_disk();
  void send_garbage();
  void cut_link();
  void isolate();
  void cut_quantity();
  void leave();
  void restart_quantity();
  void kill();
  void freeze();
  void turn_clock();
  void suspend();
  void hold_sale_row();
  void mend();
  void mend_broker();
  /// Often a tenth of `longest` at most.
  Duration a_while(Duration longest);
  /// Undoes a fault after a while.
  void undo(Duration longest, std::function<void()> what);
  const Node& any();
  Process& any_quantity();
  Process& any_validator();
  void start_later(const Node& node);

  const Parts parts_;
};

}  // namespace stampede::simulation
