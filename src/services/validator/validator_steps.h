#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "model/time.h"
#include "peers/messages.h"
#include "services/validator/validator.h"

namespace stampede::services::validator {

/// A validator's heartbeats, one after the other. What a reply promises counts from when its
/// heartbeat was made, which nobody but this class knows. It reads no clock and sends nothing:
/// threads do in schedules::ValidatorSchedules, events do in the simulation. For one thread.
/// `validator` outlives it.
class HeartbeatSteps {
 public:
  explicit HeartbeatSteps(Validator& validator) : validator_(&validator) {}

  /// The next heartbeat, to be sent now; what it counted is the caller's to add. If the one before
  /// was not heard of, it counts as unanswered.
  peers::Heartbeat next(Now now);
  /// The last one. From here on others may decide about the validator's buyers, whether or not it
  /// is answered: Validator::leave() is called first.
  peers::Heartbeat farewell(Now now);

  enum class Then {
    kAtOnce,  // the next one is to follow at once
    kLater,   // after its period
    kEnd,     // this was the farewell
  };
  struct Heard {
    Then then = Then::kLater;
    std::string problem = {};  // why nothing was acted on; empty: the reply was
  };
  /// What has become of the one that next() or farewell() gave last; an error says why no reply
  /// came.
  Heard heard(const std::expected<peers::HeartbeatReply, std::string>& reply, Now now);

 private:
  Validator* validator_;
  std::optional<peers::Heartbeat> sent_;  // and not heard of
  Now asked_{};
};

/// A validator's requests for leases, in rounds, one request after the other. As HeartbeatSteps: a
/// lease's deadline counts from when its request was made. For one thread. `validator` outlives it.
class LeaseRequestSteps {
 public:
  explicit LeaseRequestSteps(Validator& validator) : validator_(&validator) {}

  /// The next request, to be sent now; nullopt: the round is over, and the next call begins another
  /// one. If the request before was not heard of, it counts as unanswered.
  std::optional<peers::LeaseAsk> next(Now now);
  /// What has become of the one that next() gave last; nullopt: no answer came.
  void heard(const std::optional<peers::LeaseReply>& reply, Now now);

 private:
  Validator* validator_;
  std::vector<peers::LeaseAsk> round_;
  std::size_t begun_ = 0;  // requests of the round
  bool under_way_ = false;
  Now asked_{};
};

}  // namespace stampede::services::validator
