#include "tests/support/server_process.h"

#include <signal.h>

#include <optional>
#include <stdexcept>
#include <string_view>

#include "net/host_port.h"
#include "tests/support/eventually.h"

namespace stampede::test_support {
namespace {

using namespace std::chrono_literals;

std::vector<std::string> command_line(const ServerProcess::Options& options) {
  std::vector<std::string> words{
      stampede_binary(), "serve",
      "--data",          options.data.string(),
      "--listen",        "127.0.0.1:" + std::to_string(options.port),
      "--console",       "127.0.0.1:" + std::to_string(options.console_port)};
  words.insert(words.end(), options.arguments.begin(), options.arguments.end());
  return words;
}

/// The port in a line like "shop http://127.0.0.1:8082", or https://; nullopt for any other line.
std::optional<std::uint16_t> port_of(std::string_view line, const std::string& name) {
  for (const std::string& begin : {name + " http://", name + " https://"}) {
    if (!line.starts_with(begin)) continue;
    const auto address = net::HostPort::parse(line.substr(begin.size()));
    if (address) return address->port;
  }
  return std::nullopt;
}

}  // namespace

std::string stampede_binary() { return STAMPEDE_BINARY; }

ServerProcess::ServerProcess(const Options& options)
    : child_(command_line(options), options.environment) {
  while (const auto line = child_.read_line(kPatience)) {
    if (const auto shop = port_of(*line, "shop")) port_ = *shop;
    if (const auto console = port_of(*line, "console")) console_port_ = *console;
    if (*line == "ready" || *line == "full") {
      if (port_ == 0 || console_port_ == 0) {
        throw std::runtime_error("the server said ready without naming its shop and console");
      }
      start_time_ = std::chrono::duration_cast<std::chrono::milliseconds>(
          std::chrono::steady_clock::now() - begin_);
      start_work_ = processor_time_of(child_.pid());
      return;
    }
  }
  child_.wait(1s);
  throw std::runtime_error("the server did not become ready; it said: " + log());
}

int ServerProcess::terminate() {
  child_.signal(SIGTERM);
  const auto exit = child_.wait(kPatience);
  if (!exit) throw std::runtime_error("the server did not end after SIGTERM: " + log());
  return *exit;
}

void ServerProcess::kill() {
  child_.signal(SIGKILL);
  if (!child_.wait(kPatience)) throw std::runtime_error("the server outlived SIGKILL");
}

}  // namespace stampede::test_support
