#include "tests/support/servers/rabbitmq.h"

#include <fmt/format.h>
#include <signal.h>

#include <fstream>
#include <iostream>
#include <stdexcept>

#include "net/host_port.h"
#include "tests/support/eventually.h"

namespace stampede::test_support {
namespace {

/// A broker on a machine that is busy with other work takes long to start.
constexpr std::chrono::seconds kStartTime{600};
constexpr const char* kNameServicePort = "19369";

std::string script(const std::string& name) {
  return std::string(STAMPEDE_SOURCES) + "/deploy/local/" + name;
}

}  // namespace

RabbitmqServer::~RabbitmqServer() {
  try {
    kill();
  } catch (const std::exception& error) {
    std::cerr << "the broker was not ended: " << error.what() << '\n';
  }
}

RabbitmqServer& RabbitmqServer::shared() {
  static RabbitmqServer broker;
  return broker;
}

void RabbitmqServer::begin() {
  std::vector<std::string> command{script("rabbitmq"), folder_.path().string(), "--address",
                                   options_.address};
  if (!address_.empty()) {
    const std::uint16_t port = net::HostPort::parse(address_).value().port;
    command.insert(command.end(), {"--port", std::to_string(port)});
  }
  if (!options_.nodes.empty()) {
    // Every broker of a cluster has its own address, and there its own name service at this port.
    command.insert(command.end(),
                   {"--epmd", kNameServicePort, "--peers",
                    fmt::format("stampede@{}", fmt::join(options_.nodes, ",stampede@"))});
  }
  child_.reset();
  const Inside inside(options_.place);
  child_.emplace(command, Environment{{"STAMPEDE_QUEUE_USER", options_.user},
                                      {"STAMPEDE_QUEUE_PASSWORD", options_.password},
                                      {"STAMPEDE_RABBITMQ_COOKIE", "of-the-tests"}});
}

void RabbitmqServer::await_ready() {
  while (const auto line = child_->read_line(kStartTime)) {
    if (line->starts_with("amqp ")) address_ = line->substr(5);
    if (*line == "ready") return;
  }
  throw std::runtime_error("the broker is not ready: " + child_->standard_error());
}

pid_t RabbitmqServer::server() const {
  pid_t pid = 0;
  std::ifstream(folder_.path() / "pid") >> pid;
  if (pid <= 0) throw std::runtime_error("the broker has no pid file");
  return pid;
}

void RabbitmqServer::kill() {
  ::kill(server(), SIGKILL);
  if (!child_->wait(kPatience)) throw std::runtime_error("the broker survived SIGKILL");
}

void RabbitmqServer::restart() {
  child_->signal(SIGTERM);
  if (!child_->wait(kPatience)) throw std::runtime_error("the broker survived SIGTERM");
  start();
}

void RabbitmqServer::freeze() { freeze_process(server()); }
void RabbitmqServer::thaw() { ::kill(server(), SIGCONT); }

std::string RabbitmqServer::ctl(const std::vector<std::string>& arguments) const {
  std::vector<std::string> command{script("rabbitmqctl"), folder_.path().string()};
  command.insert(command.end(), arguments.begin(), arguments.end());
  const Inside inside(options_.place);
  const auto result = run_command(command);
  if (result.exit != 0) throw std::runtime_error("rabbitmqctl: " + result.out + result.err);
  return result.out;
}

}  // namespace stampede::test_support
