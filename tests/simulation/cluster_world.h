#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/simulation/actors/sim_consumer.h"
#include "tests/simulation/actors/sim_validator.h"
#include "tests/simulation/world.h"

namespace stampede::simulation {

/// Validators, consumers, quantity controls, a broker, and a database server.
class ClusterWorld final : public World {
 public:
  ClusterWorld(std::uint64_t seed, Bug bug, bool print);

 private:
  void add_quantity(std::size_t number);
  void add_behind(const peers::Heartbeat& heartbeat, const peers::HeartbeatReply& reply);
  void note_arrival(const std::string& body);
  void start();
  void fail_over();
  std::vector<CheckServer*> servers();
  std::vector<Node> nodes();
  std::vector<Process*> quantity_processes();
  std::vector<Process*> validator_processes();
  std::string unrest() const override;

  SimBroker broker_{stage_, network_};
  std::vector<std::unique_ptr<SimQuantity>> quantities_;
  std::array<SimConsumer, 2> consumers_{
      SimConsumer{stage_, network_, broker_, database_, "consumer 1"},
      SimConsumer{stage_, network_, broker_, database_, "consumer 2"}};
  std::vector<std::unique_ptr<SimValidator>> validators_;
  std::optional<Process> web_;
};

}  // namespace stampede::simulation
