#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "tests/support/servers/mariadb.h"
#include "tests/support/servers/network.h"
#include "tests/support/servers/rabbitmq.h"

namespace stampede::test_support {

/// Where a process of a cluster runs.
struct Site {
  std::string address;
  const NetworkNamespace* place = nullptr;  // nullptr: where the test is
};

/// RabbitMQ and MariaDB for the clusters of one test program, which start once and serve one
/// cluster after another. For one thread.
class Servers {
 public:
  enum class Wiring {
    kLoopback,  // everything on loopback, at an address that no other process uses
    kNetwork,   // every process on a computer of its own, in a Network; needs root
  };
  struct Options {
    int brokers = 1;  // more: a cluster of them, which needs kNetwork
    Wiring wiring = Wiring::kLoopback;
  };
  /// Returns once all are ready; throws std::runtime_error with what they said otherwise.
  explicit Servers(const Options& options);

  RabbitmqServer& broker(std::size_t number = 0) { return *brokers_.at(number); }
  MariadbServer& database() { return *database_; }
  /// "host:port, host:port", each in quotes, as a list in TOML has them.
  std::string broker_addresses() const;

  /// The site of the process of that name; "broker" and "database" are the first broker's and the
  /// database's.
  Site site(const std::string& name);
  /// Cuts or heals the link between two sites. Only with kNetwork.
  void cut(const std::string& one, const std::string& other);
  void heal(const std::string& one, const std::string& other);

  static constexpr const char* kQueueUser = "stampede";
  static constexpr const char* kQueuePassword = "a secret of the queue";

 private:
  void start_brokers(int count);
  const Machine& machine(const std::string& name);

  std::optional<Network> network_;
  std::map<std::string, const Machine*> machines_;
  std::deque<std::unique_ptr<RabbitmqServer>> brokers_;
  std::optional<MariadbServer> database_;
};

}  // namespace stampede::test_support
