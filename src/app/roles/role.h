#pragma once

#include <string>
#include <utility>
#include <vector>

namespace stampede::app {

/// One part of a shop as a process: what `stampede ROLE` runs.
class Role {
 public:
  virtual ~Role() = default;

  /// Starts everything and answers the addresses to print, as name and URL.
  using Addresses = std::vector<std::pair<std::string, std::string>>;
  virtual Addresses start() = 0;
  /// Finishes what is under way; true if nothing had to be given up.
  virtual bool stop() = 0;
};

/// Blocks SIGTERM and SIGINT for this thread and all it will start, and lets the process have as
/// many files as it may. To be called before a role is made.
void prepare_process();

/// Starts the role, prints its addresses and "ready" on standard output, waits for SIGTERM or
/// SIGINT, stops it, and returns the exit code: 0, or 1 if something had to be given up.
int run_role(Role& role);

}  // namespace stampede::app
