#include "services/validator/validator_steps.h"

#include <utility>

namespace stampede::services::validator {

peers::Heartbeat HeartbeatSteps::next(Now now) {
  if (sent_) validator_->unanswered(*std::exchange(sent_, std::nullopt));
  asked_ = now;
  return sent_.emplace(validator_->compose(now));
}

peers::Heartbeat HeartbeatSteps::farewell(Now now) {
  validator_->leave();
  return next(now);
}

HeartbeatSteps::Heard HeartbeatSteps::heard(
    const std::expected<peers::HeartbeatReply, std::string>& reply, Now now) {
  const auto applied = reply ? validator_->apply(*reply, asked_, now)
                             : std::expected<bool, std::string>(std::unexpected(reply.error()));
  auto sent = *std::exchange(sent_, std::nullopt);
  const Then later = sent.leaving ? Then::kEnd : Then::kLater;
  if (!applied) {
    validator_->unanswered(std::move(sent));
    return {.then = later, .problem = applied.error()};
  }
  return {.then = *applied && !sent.leaving ? Then::kAtOnce : later};
}

std::optional<peers::LeaseAsk> LeaseRequestSteps::next(Now now) {
  if (under_way_) heard(std::nullopt, now);
  if (begun_ == 0) round_ = validator_->wanted(now);
  if (begun_ == round_.size()) {
    begun_ = 0;
    return std::nullopt;
  }
  under_way_ = true;
  asked_ = now;
  return round_[begun_++];
}

void LeaseRequestSteps::heard(const std::optional<peers::LeaseReply>& reply, Now now) {
  under_way_ = false;
  validator_->answered(round_[begun_ - 1], reply, asked_, now);
}

}  // namespace stampede::services::validator
