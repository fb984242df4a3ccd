#include "tests/simulation/actors/sim_quantity.h"

#include <algorithm>

#include "schedules/periods.h"
#include "tests/simulation/engine/fiber.h"

namespace stampede::simulation {

using namespace std::chrono_literals;
using repositories::StorageError;

namespace {

/// LeaseTimes::lost less LeaseTimes::sure, for which it may have stood still, and the time between
/// reviews.
constexpr Duration kShortestSilence = 600ms;

/// As its status tells HttpQuantityLink.
std::unexpected<peers::Said> why(const services::leasing::QuantityControl::Refusal& refusal) {
  return std::unexpected(refusal.for_good() ? peers::Said::kNoForGood : peers::Said::kNotHere);
}

}  // namespace

SimQuantity::SimQuantity(Stage& stage, Network& network, SimBroker& broker, SimDatabase& database,
                         std::string name)
    : stage_(&stage),
      broker_(&broker),
      database_(&database),
      process_(stage, std::move(name)),
      client_(stage, network, database, process_),
      catalog_(client_, database),
      expiry_(client_, grace(stage)) {}

struct SimQuantity::Job {
  Job(Kind job_kind, std::function<void()> work) : kind(job_kind), fiber(std::move(work)) {}

  Kind kind;
  bool begun = false;
  Fiber fiber;
};

SimQuantity::Up::~Up() { jobs.clear(); }

SimQuantity::Up::Up(SimQuantity& quantity)
    : owner(quantity),
      holder(quantity.process_.name() + "/" + std::to_string(quantity.process_.life())),
      markers(*owner.stage_, owner.process_, *owner.broker_, [](const Purchase&) {}) {
  make_control();
  markers.start({.queued = [](auto) {}, .refused = [](auto) {}});
}

void SimQuantity::Up::make_control() {
  const Stage& stage = *owner.stage_;
  services::leasing::LeaseTimes times;
  times.orders_at_once = stage.profile.orders_at_once;
  if (stage.bug == Bug::kGuardRemoved) times.guard = 0ms;
  if (stage.bug == Bug::kLostTooSoon) times.lost = 700ms;
  control.emplace(
      services::leasing::QuantityControl::Parts{
          .holder = holder,
          .virtual_nodes = 8,  // fewer than the real ring has, to draw it fast
          .leadership = owner.client_,
          .leases = owner.client_,
          .grants = owner.client_,
          .members = owner.client_,
          .orders = owner.client_,
          .catalog = owner.catalog_,
          .blacklist = owner.catalog_,
          .accounts = owner.catalog_,
          .changes = owner.catalog_,
          .markers = markers,
          .can_mark = [this] { return markers.connected(); }},
      times);
}

void SimQuantity::start() {
  process_.start();
  up_ = std::make_unique<Up>(*this);
  lead();
  review();
  if (stage_->profile.hold) expire_holds();
}

void SimQuantity::kill() {
  process_.kill();
  up_.reset();
}

void SimQuantity::later(std::function<void(Now)> serve) {
  const bool slow = stage_->chance(0.03);
  process_.after(slow ? stage_->random.between(1ms, 400ms) : stage_->random.between(10us, 500us),
                 [serve = std::move(serve), now = process_.now()] { serve(now); });
}

void SimQuantity::run(Kind kind, std::function<void()> work) {
  // The one bug makes another QuantityControl while calls of this one are under way.
  if (!stage_->profile.split_statements || stage_->bug == Bug::kLateHeartbeatRejoins) return work();
  const std::int64_t number = ++up_->last_job;
  up_->jobs.emplace(number, std::make_unique<Job>(kind, std::move(work)));
  go_on(number);
}

/// For a mutex of QuantityControl. Leading alone needs none.
bool SimQuantity::must_wait(std::int64_t number) {
  const Job& job = *up_->jobs.at(number);
  if (job.kind == Kind::kGrant && !job.begun && up_->granting != 0) return true;
  return job.kind != Kind::kLead && up_->in_ring != 0 && up_->in_ring != number;
}

void SimQuantity::go_on(std::int64_t number) {
  const auto again = [&](Duration delay) {
    process_.after(delay, [this, number] { go_on(number); });
  };
  if (must_wait(number)) return again(stage_->random.between(500us, 2ms));
  Job& job = *up_->jobs.at(number);
  if (job.kind == Kind::kGrant) up_->granting = number;
  job.begun = true;
  const bool done = job.fiber.resume();
  if (up_->in_ring == 0 && client_.changes_ring()) up_->in_ring = number;
  if (up_->in_ring == number && !client_.changes_ring()) up_->in_ring = 0;
  if (!done) {
    const bool slow = stage_->chance(0.05);
    return again(slow ? stage_->random.between(1ms, 600ms) : stage_->random.between(100us, 3ms));
  }
  if (up_->granting == number) up_->granting = 0;
  up_->jobs.erase(number);
}

void SimQuantity::lead() {
  run(Kind::kLead, [this] {
    bool recovers = false;
    try {
      recovers = up_->control->lead(process_.now());
    } catch (const StorageError&) {
      stage_->trace.note(process_.name(), "could not lead");
    }
    if (recovers) return recover();
    process_.after(schedules::kLeadPeriod, [this] { lead(); });
  });
}

void SimQuantity::recover() {
  run(Kind::kOther, [this] {
    try {
      up_->control->recover(process_.now());
      // The new leader knows only what the database holds.
      if (stage_->bug != Bug::kLateHeartbeatRejoins) up_->left.clear();
      stage_->trace.note(process_.name(), "leads", {up_->control->leader_epoch()});
    } catch (const StorageError&) {
      stage_->trace.note(process_.name(), "could not lead");
    }
    process_.after(schedules::kLeadPeriod, [this] { lead(); });
  });
}

void SimQuantity::review() {
  run(Kind::kOther, [this] {
    try {
      up_->control->review(process_.now());
      check_members();
    } catch (const StorageError&) {
      stage_->trace.note(process_.name(), "could not review");
    }
    process_.after(
        schedules::kReviewPeriod + stage_->random.between(Duration{-50ms}, Duration{50ms}),
        [this] { review(); });
  });
}

void SimQuantity::expire_holds() {
  run(Kind::kOther, [this] {
    try {
      if (up_->control->leads(process_.now().tick)) expiry_.step();
    } catch (const StorageError&) {
      stage_->trace.note(process_.name(), "could not expire holds");
    }
    process_.after(schedules::kExpiryPeriod, [this] { expire_holds(); });
  });
}

void SimQuantity::beat(std::shared_ptr<const peers::Heartbeat> heartbeat,
                       const Network::Answer<Said<peers::HeartbeatReply>>& answer) {
  if (stage_->bug == Bug::kOrdersNotCompared) {
    auto spoilt = std::make_shared<peers::Heartbeat>(*heartbeat);
    spoilt->order_digests.clear();
    heartbeat = std::move(spoilt);
  }
  const Up::Heard heard{awake(), process_.stood_still()};  // as the clock, which is read here, too
  later([this, heartbeat = std::move(heartbeat), answer, heard](Now now) {
    if (heartbeat->leaving) {
      up_->heard.erase(heartbeat->member.holder());
      up_->leaves.insert(heartbeat->member.holder());
    }
    run(Kind::kOther,
        [this, heartbeat, answer, heard, now] { answer_beat(*heartbeat, heard, now, answer); });
  });
}

void SimQuantity::answer_beat(const peers::Heartbeat& heartbeat, const Up::Heard& heard, Now now,
                              const Network::Answer<Said<peers::HeartbeatReply>>& answer) {
  const auto failures = client_.failures();
  const auto left_out = up_->control->left_out();
  try {
    auto reply = up_->control->beat(heartbeat, now);
    if (stage_->bug == Bug::kOneFailedPart && up_->control->left_out() > left_out) {
      throw StorageError(StorageError::Kind::kBusy, "a row was locked for too long");
    }
    if (!reply) return answer(why(reply.error()));
    check_reply(heartbeat, *reply, heard);
    replied(heartbeat, *reply);
    spoil_reply(heartbeat, *reply);
    for (Order& order : reply->orders) order = peers::as_told(order);
    answer(std::move(*reply));
  } catch (const StorageError&) {
    stage_->trace.note(process_.name(), "could not answer a heartbeat");
    if (client_.failures() == failures) check_loss(heartbeat);
    answer(std::unexpected(peers::Said::kNotHere));
  }
}

/// Only one part of the database failed, and without that the reply renews leases all the same. A
/// validator that knows nothing yet needs them all.
void SimQuantity::check_loss(const peers::Heartbeat& heartbeat) const {
  const bool knows = heartbeat.ring_epoch != 0 && !heartbeat.cursors.empty() &&
                     heartbeat.catalog_revision >= 0 && heartbeat.blacklist_revision >= 0 &&
                     heartbeat.sessions_revision >= 0;
  if (!knows) return;
  throw Breach("a part: " + heartbeat.member.node +
               " is answered nothing, because one part of the database failed");
}

Duration SimQuantity::awake() const { return stage_->scheduler.time() - process_.stood_still(); }

bool SimQuantity::leads() const {
  const auto& term = database_->store.view().leader;
  return term.holder == up_->holder && term.epoch == up_->control->leader_epoch();
}

/// Nobody is taken off the ring whom this process would have heard, had it listened, unless another
/// process does that. Only where the database never fails: a ring whose commit was late or is
/// unknown may show after its members were heard of again.
void SimQuantity::check_members() {
  const Profile& profile = stage_->profile;
  if (profile.commit_unknown > 0 || profile.statement_failed > 0 || profile.database_away ||
      profile.disk_full || profile.fails_over) {
    return;
  }
  const auto& now = database_->store.view().ring.members;
  if (!leads()) up_->members = now;
  for (const Member& member : std::exchange(up_->members, now)) {
    const bool there =
        std::ranges::any_of(now, [&](const Member& other) { return other.node == member.node; });
    const auto heard = up_->heard.find(member.holder());
    if (there || heard == up_->heard.end()) continue;
    // Several standstills together may be as long as a silence.
    const Duration stood_still = process_.stood_still() - heard->second.stood_still;
    if (stood_still > services::leasing::LeaseTimes{}.sure) continue;
    if (awake() - heard->second.awake < kShortestSilence) {
      throw Breach("the ring: " + member.node + " was taken off it, and was heard of");
    }
  }
}

/// The ring that a leader tells is the one that the database holds, whatever was written late.
void SimQuantity::check_ring(const peers::HeartbeatReply& reply) const {
  const auto& ring = database_->store.view().ring;
  if (reply.ring_epoch == 0 || !leads() || database_->failovers > 0) return;
  if (reply.ring_epoch == ring.epoch && reply.ring_nonce == ring.nonce) return;
  throw Breach("the ring: " + process_.name() + " tells the ring of epoch " +
               std::to_string(reply.ring_epoch) + ", and the database holds that of epoch " +
               std::to_string(ring.epoch));
}

/// A validator that has left is no member again, as long as this process remembers it.
void SimQuantity::check_reply(const peers::Heartbeat& heartbeat, const peers::HeartbeatReply& reply,
                              const Up::Heard& heard) {
  check_ring(reply);
  for (const Member& member : reply.members) {
    if (up_->left.contains(member.holder()) && database_->failovers == 0) {
      throw Breach("the ring: " + member.holder() + " has left, and is a member again");
    }
  }
  if (heartbeat.leaving) {
    // Else the database did not take the ring without it, or may not have: such a ring is not told.
    const bool gone = reply.ring_epoch > 0 &&
                      std::ranges::find(reply.members, heartbeat.member) == reply.members.end();
    if (gone) up_->left.insert(heartbeat.member.holder());
  } else if (!up_->leaves.contains(heartbeat.member.holder())) {
    up_->heard[heartbeat.member.holder()] = heard;
  }
  check_members();
  if (heartbeat.leaving && stage_->bug == Bug::kLateHeartbeatRejoins) up_->make_control();
}

void SimQuantity::spoil_reply(const peers::Heartbeat& heartbeat, peers::HeartbeatReply& reply) {
  if (stage_->bug == Bug::kClosedUntold) reply.closed.clear();
  if (stage_->bug == Bug::kOpenToldClosed) reply.closed = heartbeat.undecided;
  if (stage_->bug == Bug::kMoreForgotten) reply.more = false;
  if (stage_->bug == Bug::kEverythingClosed) reply.oldest_open = LeaseId{INT64_MAX};
  if (stage_->bug != Bug::kNothingOpenClosesAll && stage_->bug != Bug::kOldestOpenLate) return;
  const auto open = client_.not_closed();
  if (open.empty()) {
    if (stage_->bug == Bug::kNothingOpenClosesAll) reply.oldest_open = LeaseId{INT64_MAX};
  } else if (stage_->bug == Bug::kOldestOpenLate) {
    reply.oldest_open = std::max(reply.oldest_open, open.front().id);
  }
}

/// Whatever has become of it.
void SimQuantity::repeat_lease(const peers::LeaseAsk& ask, peers::LeaseReply& reply) const {
  const auto& state = database_->store.view();
  const auto known = state.requests.find({ask.holder, ask.number});
  if (known != state.requests.end()) reply.lease = state.leases.at(known->second);
}

void SimQuantity::ask(const peers::LeaseAsk& ask,
                      const Network::Answer<Said<peers::LeaseReply>>& answer) {
  later([this, ask, answer](Now now) {
    run(Kind::kGrant, [this, ask, answer, now] { answer_ask(ask, now, answer); });
  });
}

void SimQuantity::answer_ask(const peers::LeaseAsk& ask, Now now,
                             const Network::Answer<Said<peers::LeaseReply>>& answer) {
  try {
    auto request = ask;
    if (stage_->bug == Bug::kStaleRingGranted) {
      request.ring_epoch = database_->store.view().ring.epoch;
      request.ring_nonce.clear();
    }
    const auto answered = up_->control->ask(request, now);
    if (!answered) return answer(why(answered.error()));
    auto reply = *answered;
    if (stage_->bug == Bug::kClosedLeaseGranted) repeat_lease(ask, reply);
    if (reply.lease) {
      const auto known = granted_.try_emplace({ask.holder, ask.number}, reply.lease->id).first;
      if (known->second != reply.lease->id && database_->failovers == 0) {
        throw Breach("a grant: one request of " + ask.holder + " was granted two leases");
      }
      granted(reply.lease->id, ask);
    }
    stage_->trace.note(ask.holder, reply.lease ? "is granted lease" : "is granted nothing",
                       {reply.lease ? reply.lease->id.value : 0,
                        reply.lease ? reply.lease->granted : 0, ask.number, ask.ring_epoch});
    answer(reply);
  } catch (const StorageError&) {
    stage_->trace.note(process_.name(), "could not grant");
    answer(std::unexpected(peers::Said::kNotHere));
  }
}

}  // namespace stampede::simulation
