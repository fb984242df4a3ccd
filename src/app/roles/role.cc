#include "app/roles/role.h"

#include <fmt/format.h>
#include <signal.h>

#include <cstdio>

#include "http/server.h"
#include "telemetry/log.h"

namespace stampede::app {
namespace {

sigset_t ending_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

}  // namespace

void prepare_process() {
  // Every thread inherits the mask, so that only sigwait() below sees these signals.
  const sigset_t signals = ending_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  http::raise_open_file_limit();
}

int run_role(Role& role) {
  for (const auto& [name, url] : role.start()) fmt::print("{} {}\n", name, url);
  fmt::print("ready\n");
  std::fflush(stdout);
  const sigset_t signals = ending_signals();
  int signal = 0;
  sigwait(&signals, &signal);
  telemetry::log_info("stopping");
  const bool whole = role.stop();
  telemetry::log_info("stopped", "whole={}", whole);
  return whole ? 0 : 1;
}

}  // namespace stampede::app
