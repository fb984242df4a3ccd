#pragma once

#include <expected>
#include <functional>
#include <optional>
#include <string>

#include "peers/messages.h"
#include "schedules/periodic.h"
#include "schedules/periods.h"
#include "services/validator/validator.h"
#include "services/validator/validator_steps.h"

namespace stampede::schedules {

/// The threads on which a validator hears of quantity control and gives up leases. Each has its
/// own: a call to quantity control may wait for seconds, and leases are given up meanwhile.
class ValidatorSchedules {
 public:
  /// What is called blocks, for a bounded time. An error says why no reply came; it is logged, and
  /// the call is made again at its next time.
  struct Calls {
    std::function<std::expected<peers::HeartbeatReply, std::string>(peers::Heartbeat&&)> beat;
    std::function<std::expected<peers::LeaseReply, std::string>(const peers::LeaseAsk&)> ask;
    /// After each heartbeat, on the thread that sent it: whether its reply was acted on. May be
    /// empty.
    std::function<void(bool)> heard = {};
  };
  ValidatorSchedules() = default;
  ~ValidatorSchedules() { stop(); }
  ValidatorSchedules(const ValidatorSchedules&) = delete;
  ValidatorSchedules& operator=(const ValidatorSchedules&) = delete;

  /// To be called once. `validator`, and what the calls use, outlive stop().
  void start(services::validator::Validator& validator, Calls calls);
  /// A further lease is wanted: Validator::Parts::low_stock. Kept until start(). Thread-safe.
  void nudge_asks() { ask_.nudge(); }
  /// Ends the heartbeats with a farewell, once the one that is under way has been heard of. Leases
  /// are reviewed until stop(), and no further one is wanted. To be called once, after start(). An
  /// error says why the farewell was not answered: the validator has left all the same.
  std::expected<void, std::string> leave();
  /// Waits for what is under way; nothing else begins.
  void stop();

 private:
  std::string exchange(peers::Heartbeat&& heartbeat);
  void ask_for_leases();

  Calls calls_;
  std::optional<services::validator::HeartbeatSteps> beats_;
  std::optional<services::validator::LeaseRequestSteps> asks_;
  Periodic beat_{"heartbeat", kHeartbeatPeriod};
  Periodic ask_{"lease requests", kLeasePeriod};
  Periodic review_{"leases", kLeasePeriod};
};

}  // namespace stampede::schedules
