#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "app/config/config.h"
#include "http/transport_layer.h"

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

/// The times of an end, counted from SIGTERM or SIGINT, within the 10 s that are promised.
/// Each listener waits so long for its running requests: a role drains two, one after the other.
constexpr std::chrono::milliseconds kDrainTime{3'000};
/// What is under way by then is given up. Afterwards threads end, which may wait for a database
/// that is locked by another process (serve: 1 s).
constexpr std::chrono::milliseconds kFinishedBy{7'000};
/// Then the process ends by itself, whatever hangs in it, with exit code 1: what is not finished is
/// as after a kill -9, which loses nothing that was confirmed.
constexpr std::chrono::milliseconds kLongestStop{9'000};
static_assert(2 * kDrainTime < kFinishedBy);
static_assert(kFinishedBy + std::chrono::seconds{2} <= kLongestStop);
static_assert(kLongestStop < std::chrono::seconds{10});

/// What is left until kFinishedBy, 0 or more: how long a role that stops may wait for what is under
/// way. All of it before the signal has come.
std::chrono::milliseconds time_to_finish();

/// Blocks SIGTERM and SIGINT for this thread and all it will start, and lets the process have as
/// many files as it may. At SIGHUP `reload` is called, on a thread of its own, for as long as the
/// process lives; without it SIGHUP does nothing, or, where a terminal can hang up, ends the
/// process. Calls concurrency::keep_heaps(). To be called once, before a role is made.
void prepare_process(std::function<void()> reload = {});

/// Waits for SIGTERM or SIGINT; false if neither has come after `time`.
bool ending_within(std::chrono::milliseconds time);

/// Starts the role, prints its addresses and "ready" on standard output, waits for SIGTERM or
/// SIGINT, stops it, and returns the exit code: 0, or 1 if something had to be given up.
int run_role(Role& role);

/// Makes a role and runs it as run_role() does. While the cluster's database is away, it waits: the
/// log says so, and /readyz at http.console answers 503. SIGTERM or SIGINT then ends the wait with
/// 0.
/// `tls` is put over the connections of the console that says so.
int run_with_database(const Config& config, const std::function<std::unique_ptr<Role>()>& make,
                      const http::TransportLayer& tls = {});

}  // namespace stampede::app
