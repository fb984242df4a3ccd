#include "app/process/role.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <thread>

#include "app/process/from_config.h"
#include "app/process/private_console.h"
#include "concurrency/heaps.h"
#include "concurrency/mutex.h"
#include "http/server/server.h"
#include "repositories/storage_error.h"
#include "telemetry/log.h"

namespace stampede::app {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kAskAgain{500};
constexpr int kRemindEvery = 20;  // times that the database was asked: 10 s

sigset_t ending_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

/// Closing a terminal ends what was started in it.
bool has_terminal() {
  const int terminal = ::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (terminal >= 0) ::close(terminal);
  return terminal >= 0;
}

struct Heard {
  sigset_t signals = ending_signals();
  std::function<void()> reload;  // at SIGHUP, if it is one of them
};

/// Receives the signals that end the process, on a thread of its own, so that one which comes while
/// a role is being made, or hangs, is heard too. Until then SIGHUP reloads.
class EndingSignal {
 public:
  /// As the first call had it.
  static EndingSignal& of_this_process(Heard heard = {}) {
    // Its thread runs until the process ends.
    static auto* const signal = new EndingSignal(std::move(heard));
    return *signal;
  }

  void wait() {
    const concurrency::MutexLock lock(mutex_);
    came_.wait(mutex_, [this]() STAMPEDE_REQUIRES(mutex_) { return received_at_.has_value(); });
  }
  /// Whether it came within that time.
  bool wait_for(milliseconds time) {
    const concurrency::MutexLock lock(mutex_);
    return came_.wait_for(mutex_, time,
                          [this]() STAMPEDE_REQUIRES(mutex_) { return received_at_.has_value(); });
  }

  std::chrono::nanoseconds since() const {
    const concurrency::MutexLock lock(mutex_);
    return received_at_ ? steady_clock::now() - *received_at_ : steady_clock::duration{};
  }

 private:
  explicit EndingSignal(Heard heard) : heard_(std::move(heard)) {
    std::thread([this] { watch(); }).detach();
  }

  void watch() {
    int signal = 0;
    while (sigwait(&heard_.signals, &signal) == 0 && signal == SIGHUP) {
      if (heard_.reload) {
        heard_.reload();
      } else {
        telemetry::log_info("SIGHUP: there is no certificate to read again");
      }
    }
    {
      const concurrency::MutexLock lock(mutex_);
      received_at_ = steady_clock::now();
    }
    came_.notify_all();
    // Whoever reads the log may hang as well: nothing is said before the end, and that in vain.
    std::thread([] {
      std::this_thread::sleep_for(kLongestStop);
      std::_Exit(EXIT_FAILURE);
    }).detach();
    telemetry::log_info("stopping");
    std::this_thread::sleep_for(kLongestStop - milliseconds{100});
    telemetry::log_error("something hangs: ended without it", "milliseconds={}",
                         kLongestStop.count());
  }

  const Heard heard_;
  mutable concurrency::Mutex mutex_;
  concurrency::Condition came_;
  std::optional<steady_clock::time_point> received_at_ STAMPEDE_GUARDED_BY(mutex_);
};

int run_started(Role& role, const Role::Addresses& addresses) {
  for (const auto& [name, url] : addresses) fmt::print("{} {}\n", name, url);
  fmt::print("ready\n");
  std::fflush(stdout);
  EndingSignal::of_this_process().wait();
  const bool whole = role.stop();
  telemetry::log_info("stopped", "whole={}", whole);
  return whole ? 0 : 1;
}

/// Why the database is away; empty if it is not. Throws StorageError for all other reasons.
template <class Use>
std::string reason_away(Use&& use) {
  try {
    use();
    return {};
  } catch (const repositories::StorageError& error) {
    if (error.kind() != repositories::StorageError::Kind::kUnreachable) throw;
    return error.what();
  }
}

/// False if a signal ended the wait.
bool await_database(const Config& config, std::string reason, const http::TransportLayer& tls) {
  PrivateConsole console(
      config.http.console, [] { return false; }, {}, {}, tls);
  console.start();
  for (int asked = 0; !reason.empty(); ++asked) {
    if (asked % kRemindEvery == 0) {
      telemetry::log_warning("waiting for the database", "reason=\"{}\"", reason);
    }
    if (EndingSignal::of_this_process().wait_for(kAskAgain)) return false;
    reason = reason_away([&] { open_cluster_database(config, 1); });
  }
  telemetry::log_info("the database answers");
  return true;
}

}  // namespace

void prepare_process(std::function<void()> reload) {
  // Every thread inherits the mask, so that only sigwait() above sees these signals.
  sigset_t signals = ending_signals();
  if (reload || !has_terminal()) sigaddset(&signals, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  EndingSignal::of_this_process({.signals = signals, .reload = std::move(reload)});
  http::raise_open_file_limit();
  concurrency::keep_heaps();
}

bool ending_within(milliseconds time) { return EndingSignal::of_this_process().wait_for(time); }

milliseconds time_to_finish() {
  const auto since = duration_cast<milliseconds>(EndingSignal::of_this_process().since());
  return std::max(milliseconds{0}, kFinishedBy - since);
}

int run_role(Role& role) { return run_started(role, role.start()); }

int run_with_database(const Config& config, const std::function<std::unique_ptr<Role>()>& make,
                      const http::TransportLayer& tls) {
  for (;;) {
    std::unique_ptr<Role> role;
    Role::Addresses addresses;
    const std::string reason = reason_away([&] {
      role = make();
      addresses = role->start();
    });
    if (reason.empty()) return run_started(*role, addresses);
    role.reset();  // its console is in the way of the one that says so
    if (!await_database(config, reason, tls)) return 0;
  }
}

}  // namespace stampede::app
