#include "tests/support/server_process.h"

#include <signal.h>

#include <charconv>
#include <optional>
#include <stdexcept>
#include <string_view>

namespace stampede::test_support {
namespace {

using namespace std::chrono_literals;
constexpr std::chrono::seconds kPatience{60};  // a sanitized binary on a busy machine

std::vector<std::string> command_line(const ServerProcess::Options& options) {
  std::vector<std::string> words{
      stampede_binary(), "serve",
      "--data",          options.data.string(),
      "--listen",        "127.0.0.1:" + std::to_string(options.port),
      "--console",       "127.0.0.1:" + std::to_string(options.console_port)};
  words.insert(words.end(), options.arguments.begin(), options.arguments.end());
  return words;
}

/// The port of a line like "shop http://127.0.0.1:8082"; nullopt if it says something else.
std::optional<std::uint16_t> port_of(std::string_view line, std::string_view name) {
  if (!line.starts_with(std::string(name) + " http://127.0.0.1:")) return std::nullopt;
  const std::string_view digits = line.substr(line.rfind(':') + 1);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return port;
}

}  // namespace

std::string stampede_binary() { return STAMPEDE_BINARY; }

ServerProcess::ServerProcess(const Options& options)
    : child_(command_line(options), options.environment) {
  while (const auto line = child_.read_line(kPatience)) {
    if (const auto shop = port_of(*line, "shop")) port_ = *shop;
    if (const auto console = port_of(*line, "console")) console_port_ = *console;
    if (*line == "ready") {
      if (port_ == 0 || console_port_ == 0) {
        throw std::runtime_error("the server said ready without naming its shop and console");
      }
      start_time_ = std::chrono::duration_cast<std::chrono::milliseconds>(
          std::chrono::steady_clock::now() - begin_);
      return;
    }
  }
  child_.wait(1s);
  throw std::runtime_error("the server did not become ready; it said: " + log());
}

int ServerProcess::terminate() {
  child_.signal(SIGTERM);
  const auto exit = child_.wait(30s);
  if (!exit) throw std::runtime_error("the server did not end within 30 s of SIGTERM: " + log());
  return *exit;
}

void ServerProcess::kill() {
  child_.signal(SIGKILL);
  if (!child_.wait(30s)) throw std::runtime_error("the server outlived SIGKILL");
}

}  // namespace stampede::test_support
