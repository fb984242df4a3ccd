#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/servers/child.h"
#include "tests/support/servers/network.h"
#include "tests/support/temp_dir.h"

namespace stampede::test_support {

/// A private MariaDB server, as deploy/local/mariadb runs it, with its data in a folder
/// of its own. Killed and removed with its object. For one thread.
class MariadbServer {
 public:
  static constexpr const char* kUser = "stampede";
  static constexpr const char* kPassword = "a secret of '\\ quotes";

  struct Options {
    std::string address = "127.0.0.1";
    const NetworkNamespace* place = nullptr;  // nullptr: where the thread is
  };

  /// On loopback. Returns once the server answers; throws std::runtime_error with what it wrote
  /// otherwise.
  MariadbServer() : MariadbServer(Options{}) {}
  explicit MariadbServer(Options options);
  ~MariadbServer();
  MariadbServer(const MariadbServer&) = delete;
  MariadbServer& operator=(const MariadbServer&) = delete;

  /// The one that the tests of this process share; it ends with the process.
  static MariadbServer& shared();

  std::string address() const { return address_; }  // "host:port", the same after a restart
  std::string socket() const { return (folder_.path() / "socket").string(); }

  /// Runs SQL as the server's root. Returns what it selects, a line for each row, with tabs between
  /// columns.
  std::string sql(const std::string& statements);

  /// SIGKILL, and waits for its end.
  void kill();
  /// SIGTERM, waits for its end, and starts it again.
  void restart();
  /// SIGSTOP and SIGCONT: it answers nobody until it goes on.
  void freeze();
  void thaw();
  /// Starts it again after kill().
  void start();

 private:
  pid_t server() const;

  const Options options_;
  TempDir folder_;
  std::string address_;
  std::unique_ptr<Child> child_;
};

/// A new, empty database of a server, with all rights for kUser; dropped with its object.
class MariadbDatabase {
 public:
  explicit MariadbDatabase(MariadbServer& server = MariadbServer::shared());
  ~MariadbDatabase();
  MariadbDatabase(const MariadbDatabase&) = delete;
  MariadbDatabase& operator=(const MariadbDatabase&) = delete;

  MariadbServer& server() const { return server_; }
  const std::string& name() const { return name_; }

 private:
  MariadbServer& server_;
  std::string name_;
};

/// A transaction of another client, which keeps its locks until at most a second after the object
/// is destroyed. For one thread.
class MariadbTransaction {
 public:
  /// Returns once the statements have been run; throws std::runtime_error with what the server said
  /// otherwise.
  MariadbTransaction(const MariadbServer& server, const std::string& database,
                     const std::string& statements);

  bool holds() { return !client_.wait(std::chrono::milliseconds{0}); }

 private:
  static std::string naps();

  Child client_;
};

}  // namespace stampede::test_support
