#pragma once

#include <array>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "services/orders/order_writer.h"
#include "tests/simulation/actors/sim_broker.h"
#include "tests/simulation/actors/sim_database.h"

namespace stampede::simulation {

/// The process `stampede consume`: one worker a shard, which runs the real ConsumerSteps,
/// BatchWriter and Inbox, with a connection to the broker of its own. Receiving, writing and
/// acknowledging are three events, and a kill falls between any two.
class SimConsumer {
 public:
  SimConsumer(Stage& stage, Network& network, SimBroker& broker, SimDatabase& database,
              std::string name);
  ~SimConsumer();

  Process& process() { return process_; }
  void start();
  void kill();
  /// One of the batches in hand is written now: while another process is between two statements.
  void hurry();

 private:
  class Source;
  class Worker;

  Stage* stage_;
  SimBroker* broker_;
  SimDatabase* database_;
  Process process_;
  DatabaseClient client_;
  std::array<std::unique_ptr<Worker>, queue::kShards> workers_;
};

}  // namespace stampede::simulation
