#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/client/client.h"
#include "model/ids.h"
#include "net/host_port.h"
#include "queue/rabbitmq/options.h"
#include "tests/support/buyer.h"
#include "tests/support/cluster/servers.h"
#include "tests/support/operator.h"
#include "tests/support/servers/child.h"
#include "tests/support/temp_dir.h"

namespace stampede::test_support {

/// A cluster of the real program: a process for each role, around the servers that the test has,
/// with a database and queues of its own. A role's name is "quantity" or one of the options,
/// "consume", "web", "admin", or the node of a validator. For one thread.
class Cluster final : public Operator {
 public:
  struct Options {
    std::vector<std::string> validators = {"a", "b"};
    /// Names of the processes of quantity control; the first leads at first.
    std::vector<std::string> quantities = {"quantity"};
    double check_rate = 0;  // of each validator; 0: no bucket
    double check_burst = 1000;
    double interval_seconds = 0;
  };
  /// Returns once every role is ready.
  Cluster(Servers& servers, Options options);
  explicit Cluster(Servers& servers) : Cluster(servers, Options{}) {}

  Servers& servers() { return servers_; }
  /// The names of all roles, in the order in which they are started.
  const std::vector<std::string>& roles() const { return names_; }
  const std::vector<std::string>& validators() const { return validators_; }
  /// Whether that process of quantity control leads, as its own /readyz says.
  bool leads(const std::string& quantity) const;

  /// Starts a role and waits until it is ready to work (its /readyz), as await_ready() does.
  void start(const std::string& role);
  /// Starts a role whose surroundings may be away: waits only until it says `ready`.
  void launch(const std::string& role);
  /// Starts a role and waits for nothing.
  void begin(const std::string& role);
  void await_ready(const std::string& role);
  bool ready(const std::string& role);
  /// False once its process has ended.
  bool running(const std::string& role);
  /// Starts a further validator and waits for nothing.
  void add_validator(const std::string& node);

  /// From its next start on, a role's wall clock is so far ahead of the machine's.
  void set_wall_clock(const std::string& role, std::chrono::seconds ahead);

  void kill(const std::string& role);              // SIGKILL, and waits for its end
  void freeze(const std::string& role);            // SIGSTOP
  void thaw(const std::string& role);              // SIGCONT
  int terminate(const std::string& role);          // SIGTERM: the exit code
  std::string log(const std::string& role) const;  // what it wrote to standard error
  std::filesystem::path config(const std::string& role) const;
  /// The command of `stampede` that runs it: "validate" for a validator.
  const std::string& command(const std::string& name) const { return role(name).command; }
  /// A further process of that role, with some keys otherwise, that is to end by itself.
  CommandResult try_role(const std::string& role, const Environment& environment) const;
  /// A visitor without a session, of a role's listener and of its console.
  Buyer visitor(const std::string& role) const { return visitor(address(role)); }
  Buyer operator_at(const std::string& role) const { return visitor(console(role)); }

  /// Where a role serves buyers or other roles, and where its operators.
  net::HostPort address(const std::string& role) const;
  net::HostPort console(const std::string& role) const;
  std::string metrics(const std::string& role) const;
  /// The value of one of them that has no labels. Throws std::runtime_error if it is not there.
  double metric(const std::string& role, std::string_view name) const;
  /// The processor time that a role's process has had.
  std::chrono::milliseconds processor_time(const std::string& role) const;

  struct OpenSale {
    SaleId id;
    ProductId product;
  };
  /// A sale, of a new product unless one is given, known to all validators when this returns.
  OpenSale open_sale(SaleOptions options = {});
  /// A logged-in buyer of a role's listener, made by mint.
  Buyer buyer(const std::string& role, std::int64_t id) const;

  /// The one value that SQL selects from the cluster's database.
  std::int64_t number(const std::string& select) const;
  const std::string& queue_name() const { return database_.name(); }
  /// Messages that wait in all queues of the sale, dead letters too.
  std::uint64_t queued() const;
  /// How a role of this cluster reaches the brokers.
  queue::rabbitmq::Options broker_options() const;

 private:
  struct Role {
    std::string command;  // "validate"
    Site site;
    std::uint16_t port = 0;  // of its listener; 0: none
    std::uint16_t console = 0;
    std::optional<Child> process = std::nullopt;
    Environment environment = {};
  };
  std::vector<std::string> shop_option() const override {
    return {"--config", config("admin").string()};
  }
  Role& role(const std::string& name);
  const Role& role(const std::string& name) const;
  void add_role(const std::string& name, const std::string& command);
  void write_config(const std::string& name);
  std::string config_text(const std::string& name) const;
  void make_probes();
  static Buyer visitor(const net::HostPort& at) { return Buyer(at.port, at.host); }

  Servers& servers_;
  const Options options_;
  TempDir folder_;
  MariadbDatabase database_;
  std::vector<std::string> names_;
  std::vector<std::string> validators_;
  std::map<std::string, Role> roles_;
  std::vector<Buyer> probes_;
};

}  // namespace stampede::test_support
