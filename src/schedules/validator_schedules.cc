#include "schedules/validator_schedules.h"

#include <stdexcept>
#include <utility>

#include "model/time.h"

namespace stampede::schedules {

using services::validator::HeartbeatSteps;

void ValidatorSchedules::start(services::validator::Validator& validator, Calls calls) {
  calls_ = std::move(calls);
  beats_.emplace(validator);
  asks_.emplace(validator);
  review_.start([&validator] { validator.review(read_clocks()); });
  ask_.start([this] { ask_for_leases(); });
  beat_.start([this] {
    const std::string problem = exchange(beats_->next(read_clocks()));
    if (!problem.empty()) throw std::runtime_error(problem);
  });
}

/// Why its reply was not acted on; empty: it was.
std::string ValidatorSchedules::exchange(peers::Heartbeat&& heartbeat) {
  const auto heard = beats_->heard(calls_.beat(std::move(heartbeat)), read_clocks());
  if (calls_.heard) calls_.heard(heard.problem.empty());
  if (heard.then == HeartbeatSteps::Then::kAtOnce) beat_.nudge();
  return heard.problem;
}

void ValidatorSchedules::ask_for_leases() {
  std::string problem;
  while (const auto ask = asks_->next(read_clocks())) {
    const auto reply = calls_.ask(*ask);
    asks_->heard(reply ? std::optional(*reply) : std::nullopt, read_clocks());
    if (!reply) problem = reply.error();
  }
  if (!problem.empty()) throw std::runtime_error(problem);
}

std::expected<void, std::string> ValidatorSchedules::leave() {
  beat_.stop();
  std::string problem = exchange(beats_->farewell(read_clocks()));
  if (!problem.empty()) return std::unexpected(std::move(problem));
  return {};
}

void ValidatorSchedules::stop() {
  beat_.stop();
  ask_.stop();
  review_.stop();
}

}  // namespace stampede::schedules
