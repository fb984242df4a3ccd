#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "peers/authenticator.h"
#include "peers/turns.h"
#include "schedules/rounds.h"
#include "services/validator/validator_steps.h"
#include "tests/simulation/actors/sim_publisher.h"
#include "tests/simulation/actors/sim_validator.h"

namespace stampede::simulation {

/// What a validator's process has in memory: the real Validator, wired as in `stampede validate`.
struct SimValidator::Up {
  Up(SimValidator& sim_validator, Member as);

  std::optional<Answer> attempt(const services::purchase::Attempt& attempt,
                                const services::purchase::MakeWaiter& wait);
  void note(OrderNumber number);
  /// The reply to a heartbeat; none came: nullopt.
  services::validator::HeartbeatSteps::Heard hear(std::optional<peers::HeartbeatReply>& reply,
                                                  Now now);
  void answered(const peers::LeaseAsk& ask, const std::optional<peers::LeaseReply>& reply,
                Tick asked, Now now);
  void review(Now now);
  void housekeeping(Now now);

  // Where bugs are planted: see bugs.h.
  void spoil_reply(peers::HeartbeatReply& reply);
  void spoil_rules(const peers::HeartbeatReply& reply, std::int64_t epoch_before, Now now);
  void spoil_ownership(const peers::HeartbeatReply& reply, std::int64_t epoch_before, Tick now);
  void spoil_attempt(UserId buyer, Now now);
  void spoil_markers();
  /// The sales with a limit that is higher by what the buyer has under way; 0: as they are.
  void load_limit(std::int32_t more);

  SimValidator& owner;
  Stage& stage;
  captcha::Tokens captcha;
  /// What seals and opens by the keys of now.
  struct Seals {
    Seals(identity::KeyRing& keys, const std::string& node)
        : sessions(keys), authenticator(keys, node) {}
    services::accounts::Sessions sessions;
    peers::Authenticator authenticator;
  };
  Seals& seals() { return owner.rotations() > 0 ? rotated : first; }
  Seals first;
  Seals rotated;
  services::purchase::Post post;
  SimPublisher publisher;
  services::validator::Validator validator;
  std::vector<bool> orders;       // those it was told of, by number
  std::int64_t bans_known = -1;   // the revision that it has loaded
  std::int64_t sales_known = -1;  // likewise
  std::int64_t sessions_known = 0;
  Duration clock_read{};  // of the request that is being decided
  Tick tick{};
  SaleId named;
  std::function<void()> gone;  // to be called once it has left; set: it is leaving
  peers::Turns turns{owner.parts_.quantities.size()};
  services::validator::HeartbeatSteps beats{validator};
  bool beating = false;  // a heartbeat is under way
  services::validator::LeaseRequestSteps asks{validator};
  schedules::Rounds ask_rounds;
  std::int64_t last_ask_round = 0;
  int rounds = 0;  // of housekeeping

  // Of planted bugs alone.
  std::shared_ptr<const services::routing::Ring> ring_before;
  std::vector<services::routing::Ownership::NewlyOwned> newly_owned;
  std::set<LeaseId> held;
  std::set<SaleId> once_sold_out;
  std::map<UserId, std::set<std::string>> under_way;
};

}  // namespace stampede::simulation
