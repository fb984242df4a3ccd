#pragma once

#include <memory>

#include "services/leasing/quantity_control.h"
#include "tests/simulation/sim_catalog.h"
#include "tests/simulation/sim_publisher.h"

namespace stampede::simulation {

/// The process `stampede quantity`: the real rules, on a database that fails and a clock that is
/// sometimes read long before it is used.
class SimQuantity {
 public:
  SimQuantity(Stage& stage, Network& network, SimBroker& broker, SimDatabase& database);

  Process& process() { return process_; }
  void start();
  void kill();
  /// Called between two of its statements: what others do to the database meanwhile.
  void set_meanwhile(std::function<void()> meanwhile) { client_.meanwhile = std::move(meanwhile); }

  /// Requests of validators, in this process; no answer comes to one that storage failed.
  void beat(const peers::Heartbeat& heartbeat,
            const Network::Answer<peers::HeartbeatReply>& answer);
  void ask(const peers::LeaseAsk& ask, const Network::Answer<peers::LeaseReply>& answer);

  std::size_t unresolved() const { return up_ ? up_->markers.unresolved() : 0; }

 private:
  struct Up {
    explicit Up(SimQuantity& owner);
    SimPublisher markers;
    services::leasing::QuantityControl control;
  };
  void review();
  /// Reads the clock, then waits for its turn.
  void later(std::function<void(Now)> serve);

  Stage* stage_;
  SimBroker* broker_;
  Process process_;
  DatabaseClient client_;
  SimCatalog catalog_;
  std::unique_ptr<Up> up_;
};

}  // namespace stampede::simulation
