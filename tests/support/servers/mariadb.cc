#include "tests/support/servers/mariadb.h"

#include <fmt/format.h>
#include <signal.h>

#include <atomic>
#include <fstream>
#include <iostream>
#include <stdexcept>

#include "net/host_port.h"
#include "tests/support/eventually.h"

namespace stampede::test_support {
namespace {

/// The first start writes 100 MB of system tables.
constexpr std::chrono::seconds kStartTime{600};

}  // namespace

MariadbServer::MariadbServer(Options options) : options_(std::move(options)) {
  start();
  // The user has all rights on the databases that tests will make, and on no other.
  sql(fmt::format("GRANT ALL ON `test\\_%`.* TO '{}'@'%'", kUser));
}

MariadbServer::~MariadbServer() {
  try {
    child_->signal(SIGTERM);
    if (!child_->wait(kPatience)) std::cerr << "the MariaDB server did not end: killing it\n";
  } catch (const std::exception& error) {
    std::cerr << "the MariaDB server was not ended: " << error.what() << '\n';
  }
}

MariadbServer& MariadbServer::shared() {
  static MariadbServer server;
  return server;
}

void MariadbServer::start() {
  std::vector<std::string> arguments{STAMPEDE_SOURCES "/deploy/local/mariadb",
                                     folder_.path().string(), "--address", options_.address};
  if (!address_.empty()) {
    const std::uint16_t port = net::HostPort::parse(address_).value().port;
    arguments.insert(arguments.end(), {"--port", std::to_string(port)});
  }
  const Inside inside(options_.place);
  child_ = std::make_unique<Child>(
      arguments,
      Environment{{"STAMPEDE_DATABASE_USER", kUser}, {"STAMPEDE_DATABASE_PASSWORD", kPassword}});
  while (const auto line = child_->read_line(kStartTime)) {
    if (line->starts_with("mysql ")) address_ = line->substr(6);
    if (*line == "ready") return;
  }
  throw std::runtime_error("the MariaDB server is not ready: " + child_->standard_error());
}

std::string MariadbServer::sql(const std::string& statements) {
  auto result = run_command({"mariadb", "--no-defaults", "--user=root", "--socket=" + socket(),
                             "--skip-column-names", "--batch", "--execute=" + statements});
  if (result.exit != 0) throw std::runtime_error(statements + ": " + result.err);
  return result.out;
}

pid_t MariadbServer::server() const {
  pid_t pid = 0;
  std::ifstream(folder_.path() / "pid") >> pid;
  if (pid <= 0) throw std::runtime_error("the MariaDB server does not run");
  return pid;
}

void MariadbServer::kill() {
  const pid_t pid = server();
  ::kill(pid, SIGKILL);
  if (!child_->wait(kPatience)) throw std::runtime_error("the MariaDB server did not end");
}

void MariadbServer::restart() {
  child_->signal(SIGTERM);
  if (!child_->wait(kPatience)) throw std::runtime_error("the MariaDB server survived SIGTERM");
  start();
}

void MariadbServer::freeze() { freeze_process(server()); }

void MariadbServer::thaw() { ::kill(server(), SIGCONT); }

MariadbTransaction::MariadbTransaction(const MariadbServer& server, const std::string& database,
                                       const std::string& statements)
    : client_({"mariadb", "--no-defaults", "--user=root", "--socket=" + server.socket(),
               "--skip-column-names", "--batch", "--unbuffered", "--database=" + database,
               "--execute=BEGIN; " + statements + "; SELECT 'they hold'" + naps()}) {
  while (const auto line = client_.read_line(kPatience)) {
    if (*line == "they hold") return;
  }
  throw std::runtime_error(statements + ": " + client_.standard_error());
}

/// Many short statements: the server notices between two of them that the client has gone.
std::string MariadbTransaction::naps() {
  std::string statements;
  for (int i = 0; i < 600; ++i) statements += "; DO SLEEP(1)";
  return statements;
}

MariadbDatabase::MariadbDatabase(MariadbServer& server) : server_(server) {
  static std::atomic<int> count{0};
  name_ = fmt::format("test_{}", ++count);
  server_.sql("CREATE DATABASE " + name_);
}

MariadbDatabase::~MariadbDatabase() {
  try {
    server_.sql("DROP DATABASE " + name_);
  } catch (const std::exception& error) {
    std::cerr << "the database " << name_ << " was not dropped: " << error.what() << '\n';
  }
}

}  // namespace stampede::test_support
