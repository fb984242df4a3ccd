#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/servers/child.h"
#include "tests/support/servers/network.h"
#include "tests/support/temp_dir.h"

namespace stampede::test_support {

/// A private RabbitMQ broker, as deploy/local/rabbitmq runs it, with its data in a folder of its
/// own. Killed and removed with its object. For one thread.
class RabbitmqServer {
 public:
  struct Options {
    std::string address = "127.0.0.1";
    const NetworkNamespace* place = nullptr;  // nullptr: where the thread is
    std::string user = "guest";
    std::string password = "guest";
    std::vector<std::string> nodes;  // addresses of all brokers of its cluster; empty: it is alone
  };

  /// On loopback. Returns once it is ready; throws std::runtime_error with what it said otherwise.
  RabbitmqServer() : RabbitmqServer(Options{}) { await_ready(); }
  /// Begins to start: brokers of one cluster wait for each other, so await_ready() comes after the
  /// last one's begin.
  explicit RabbitmqServer(Options options) : options_(std::move(options)) { begin(); }
  ~RabbitmqServer();
  RabbitmqServer(const RabbitmqServer&) = delete;
  RabbitmqServer& operator=(const RabbitmqServer&) = delete;

  /// The one that the tests of this process share; it ends with the process. Each test is to use
  /// queues of its own.
  static RabbitmqServer& shared();

  /// Throws std::runtime_error with what it said if it does not become ready.
  void await_ready();

  /// "host:port"
  const std::string& address() const { return address_; }
  /// SIGKILL, and waits for its end.
  void kill();
  /// SIGTERM, waits for its end, and starts it again.
  void restart();
  /// SIGSTOP and SIGCONT: it answers nobody until it goes on.
  void freeze();
  void thaw();
  /// Starts it again after kill(), with the same data and address.
  void start() {
    begin();
    await_ready();
  }
  /// rabbitmqctl with these arguments; throws std::runtime_error if it fails.
  std::string ctl(const std::vector<std::string>& arguments) const;

 private:
  void begin();
  pid_t server() const;

  const Options options_;
  TempDir folder_;
  std::string address_;
  std::optional<Child> child_;
};

}  // namespace stampede::test_support
