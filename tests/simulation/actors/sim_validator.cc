#include "tests/simulation/actors/sim_validator.h"

#include <algorithm>
#include <cstdio>

#include "peers/timeouts.h"
#include "schedules/periods.h"
#include "tests/simulation/actors/validator_process.h"

namespace stampede::simulation {

using namespace std::chrono_literals;
using services::purchase::Waiter;

namespace {

constexpr Duration kLinkPatience = peers::kQuantityTimeout;
constexpr Duration kForwardPatience = peers::kForwardTimeout;
/// A buyer who waits is answered within 1.2 s (Rules::wait), and a review comes every 100 ms.
constexpr Duration kLongestWait = 1'500ms;

Member member_of(std::size_t index, std::int64_t life) {
  const std::string node(1, static_cast<char>('a' + index));
  char incarnation[17];
  std::snprintf(incarnation, sizeof incarnation, "%016llx", static_cast<unsigned long long>(life));
  return {.node = node, .address = node + ":8083", .incarnation = incarnation};
}

Answer unavailable() { return {.verdict = Verdict::kUnavailable, .retry_after = 1s}; }

}  // namespace

template <class Reply>
struct SimValidator::QuantityCall {
  peers::Turns::Call turn;
  std::function<void(SimQuantity&, const Network::Answer<SimQuantity::Said<Reply>>&)> send;
  std::function<void(std::optional<Reply>)> done;
};

SimValidator::SimValidator(const Parts& parts, std::size_t index)
    : parts_(parts),
      index_(index),
      process_(parts.stage, "validator " + std::string(1, static_cast<char>('a' + index))),
      keys_late_(parts.stage.profile.keys_rotated ? parts.stage.random.between(0us, 3s) : 0us) {}

SimValidator::~SimValidator() = default;

void SimValidator::start() {
  process_.start();
  ++lives_;
  const bool same = parts_.stage.bug == Bug::kSameIncarnation;
  up_ = std::make_unique<Up>(*this, member_of(index_, same ? 1 : lives_));
  beat();
  review_leases();
  ask_for_leases();
  housekeeping();
}

void SimValidator::kill() {
  process_.kill();
  up_.reset();
}

std::string SimValidator::holder() const {
  return up_ ? up_->validator.member().holder() : std::string{};
}

int SimValidator::rotations() const {
  const auto from = parts_.stage.profile.keys_rotated;
  return from && parts_.stage.scheduler.time() >= *from + keys_late_ ? 1 : 0;
}

std::size_t SimValidator::unresolved() const { return up_ ? up_->publisher.unresolved() : 0; }

/// The clock is read when the request arrives; the rules may see it much later.
void SimValidator::receive(const Check& check, bool forwarded,
                           const Network::Answer<Answer>& answer) {
  auto& stage = parts_.stage;
  if (!forwarded && !check.cookie.empty()) {
    const bool opened =
        up_->seals().sessions.authenticate(check.cookie, process_.now().wall) == check.buyer;
    if (opened || check.rotations <= rotations()) {
      parts_.checks.purchases.session(check.buyer, check.session, opened, up_->sessions_known);
    }
    // The buyer logs in again.
    if (!opened) return answer(unavailable());
  }
  const bool slow = stage.chance(0.02);
  const Duration delay = slow ? stage.random.between(1ms, 500ms) : stage.random.between(5us, 50us);
  const Read read{process_.now(), stage.scheduler.time()};
  process_.after(
      delay, [this, check, forwarded, answer, read] { decide(check, forwarded, read, answer); });
  if (stage.chance(stage.profile.frozen_in_request)) {
    process_.freeze(stage.random.between(1s, 12s));
  }
}

void SimValidator::decide(const Check& check, bool forwarded, Read read,
                          const Network::Answer<Answer>& answer) {
  const auto ring = up_->validator.routes().ring();
  if (const Member* owner = ring->owner(check.buyer); owner != nullptr && !forwarded) {
    const auto index = static_cast<std::size_t>(owner->node[0] - 'a');
    if (index != index_) return forward(check, *parts_.all[index], answer);
  }

  up_->clock_read = read.time;
  up_->tick = read.now.tick;
  up_->named = check.sale;
  up_->spoil_attempt(check.buyer, read.now);
  const SaleId sale = parts_.stage.bug == Bug::kSaleDropped ? SaleId{} : check.sale;
  const auto wait = [&] { return Waiter{.post = &up_->post, .resume = resume(check, answer)}; };
  const auto decided =
      up_->attempt({check.buyer, check.product, check.key, {}, read.now, sale}, wait);
  if (!decided) return;
  parts_.checks.said_refusal(decided->verdict, check.sale, read.time);
  answer(*decided);
}

std::move_only_function<void(Answer&&)> SimValidator::resume(
    const Check& check, const Network::Answer<Answer>& answer) {
  const Stage& stage = parts_.stage;
  return [this, &stage, answer, alive = check.alive, began = stage.scheduler.time(),
          stood = process_.stood_still()](Answer&& late) {
    Checks::waited(stage.scheduler.time() - began - (process_.stood_still() - stood), kLongestWait);
    // Of a purchase that is undecided; other answers name no lease.
    if (stage.bug == Bug::kPendingAfterYes && late.lease) late.verdict = Verdict::kPending;
    answer(late);
  };
}

/// By an attempt that changes nothing, whatever is answered.
bool SimValidator::says_no(UserId buyer) {
  if (!process_.running() || process_.frozen()) return false;
  static const auto key = *IdempotencyKey::parse("nobodys-intent-at-all");
  const auto answer = up_->validator.attempt({buyer, ProductId{99}, key, {}, process_.now()}, {});
  return answer && answer->verdict == Verdict::kUnknownProduct;
}

void SimValidator::sold(const Purchase& purchase) {
  if (parts_.stage.bug == Bug::kPendingIgnored) {
    up_->under_way[purchase.buyer].insert(std::string(purchase.intent.text()));
  }
  parts_.checks.purchases.taken({.purchase = purchase,
                                 .holder = up_->validator.member().holder(),
                                 .clock_read = up_->clock_read,
                                 .tick = up_->tick,
                                 .bans_known = up_->bans_known,
                                 .sales_known = up_->sales_known,
                                 .named = up_->named});
  for (auto& other : parts_.all) {
    if (other.get() != this && other->says_no(purchase.buyer)) {
      parts_.checks.sold_beside_a_no(purchase);
    }
  }
}

void SimValidator::forward(const Check& check, SimValidator& owner,
                           const Network::Answer<Answer>& answer) {
  Token token;
  if (parts_.stage.profile.replayed > 0 || parts_.stage.profile.keys_rotated) {
    auto& authenticator = up_->seals().authenticator;
    token = {authenticator.seal_forward(check.buyer, process_.now().wall), rotations()};
    if (parts_.stage.chance(parts_.stage.profile.replayed)) replay(check, owner, token);
  }
  parts_.network.call<Answer>(
      process_, owner.process_, kForwardPatience, Network::Transport::kOnce,
      [&owner, check, token](const Network::Answer<Answer>& back) {
        owner.receive_forwarded(check, token, back);
      },
      [answer](const std::optional<Answer>& reply) {
        // Lost: nobody knows what became of it.
        answer(reply.value_or(unavailable()));
      });
}

/// By somebody who has recorded it, once its token is too old.
void SimValidator::replay(Check check, SimValidator& owner, const Token& token) {
  check.alive = std::make_shared<const int>(0);
  parts_.stage.scheduler.after(parts_.stage.random.between(32s, 45s), [this, check, &owner, token] {
    parts_.network.call<Answer>(
        process_, owner.process_, kForwardPatience, Network::Transport::kOnce,
        [&owner, check, token](const Network::Answer<Answer>& back) {
          owner.receive_forwarded(check, token, back);
        },
        [](const std::optional<Answer>&) {});
  });
}

void SimValidator::receive_forwarded(const Check& check, const Token& token,
                                     const Network::Answer<Answer>& answer) {
  using Fault = peers::Authenticator::Fault;
  if (!token.text.empty()) {
    const auto peer = up_->seals().authenticator.open_forward(token.text, process_.now().wall);
    if (!peer && peer.error() == Fault::kForged && token.rotations <= rotations()) {
      throw Breach("the keys: a validator does not open what another has forwarded");
    }
    const bool spoilt =
        parts_.stage.bug == Bug::kStaleTokenAccepted && !peer && peer.error() == Fault::kStale;
    if (!spoilt && (!peer || peer->buyer != check.buyer)) return answer(unavailable());
  }
  receive(check, true, answer);
}

void SimValidator::beat_later(Duration delay) {
  process_.after(delay, [this] {
    if (!up_->gone) beat();
  });
}

void SimValidator::beat() { send(up_->beats.next(process_.now())); }

void SimValidator::send(peers::Heartbeat&& heartbeat) {
  up_->beating = true;
  const auto sent = std::make_shared<peers::Heartbeat>(std::move(heartbeat));
  if (parts_.stage.bug == Bug::kRingUntold) {
    sent->ring_epoch = 0;
    sent->ring_nonce.clear();
  }
  if (sent->cursors.empty()) up_->orders.clear();
  const auto sent_at = parts_.stage.scheduler.time();
  using Reply = peers::HeartbeatReply;
  call_quantity<Reply>(std::make_shared<QuantityCall<Reply>>(QuantityCall<Reply>{
      .turn = peers::Turns::Call(up_->turns),
      .send = [sent](SimQuantity& to, const auto& back) { to.beat(sent, back); },
      .done = [this, sent_at](auto reply) { hear(std::move(reply), sent_at); }}));
}

template <class Reply>
void SimValidator::call_quantity(std::shared_ptr<QuantityCall<Reply>> call) {
  const auto at = call->turn.next();
  if (!at) return call->done(std::nullopt);
  SimQuantity& to = *parts_.quantities[*at];
  using Said = SimQuantity::Said<Reply>;
  parts_.network.call<Said>(
      process_, to.process(), kLinkPatience, Network::Transport::kMayRepeat,
      [&to, call](const Network::Answer<Said>& back) { call->send(to, back); },
      [this, call](std::optional<Said> said) {
        const bool answers = said && *said;
        call->turn.note(answers ? peers::Said::kAnswer
                                : (said ? said->error() : peers::Said::kNotHere));
        if (!answers) return call_quantity(call);
        call->done(**std::move(said));
      });
}

void SimValidator::hear(std::optional<peers::HeartbeatReply> reply, Duration sent_at) {
  using Then = services::validator::HeartbeatSteps::Then;
  up_->beating = false;
  const auto heard = up_->hear(reply, process_.now());
  if (heard.problem.empty()) {
    if (reply->blacklist) up_->bans_known = reply->blacklist_revision;
    if (reply->sales) up_->sales_known = reply->catalog_revision;
    up_->sessions_known = std::max(up_->sessions_known, reply->sessions_revision);
    if (heard.then == Then::kLater)
      parts_.checks.told_closed(reply->oldest_open, up_->orders, sent_at);
    parts_.stage.trace.note(process_.name(), "heartbeat",
                            {reply->ring_epoch, reply->oldest_open.value,
                             static_cast<std::int64_t>(reply->orders.size())});
  }
  if (heard.then == Then::kEnd) return stop_selling();
  if (up_->gone) return send(up_->beats.farewell(process_.now()));
  beat_later(heard.then == Then::kAtOnce ? 0us : Duration(schedules::kHeartbeatPeriod));
}

/// As `stampede validate` stops: the farewell, once the heartbeat that is under way has been heard
/// of; then nothing is sold any more, and then the queue is given time.
void SimValidator::leave(std::function<void()> gone) {
  if (up_->gone) return;
  up_->gone = std::move(gone);
  if (!up_->beating) send(up_->beats.farewell(process_.now()));
}

void SimValidator::stop_selling() {
  process_.after(parts_.stage.random.between(10ms, 1'500ms), [this] {
    up_->validator.checkout().catalog().stop_selling();
    finish_leaving(parts_.stage.scheduler.time() + 8s);
  });
}

void SimValidator::finish_leaving(Duration deadline) {
  if (up_->publisher.unresolved() == 0 || parts_.stage.scheduler.time() >= deadline) {
    const auto gone = std::move(up_->gone);
    kill();
    return gone();
  }
  process_.after(200ms, [this, deadline] { finish_leaving(deadline); });
}

/// A timer fires, and its thread runs when it has its turn: of what waits when a process goes on
/// after it was stopped, requests may be first.
void SimValidator::review_leases() {
  process_.after(parts_.stage.random.between(0us, 20ms), [this] { up_->review(process_.now()); });
  process_.after(schedules::kLeasePeriod, [this] { review_leases(); });
}

/// None is begun while another is under way.
void SimValidator::nudge_asks() {
  up_->ask_rounds.nudge();
  process_.after(0us, [this] {
    if (up_->ask_rounds.due()) ask_for_leases();
  });
}

void SimValidator::ask_for_leases() {
  up_->ask_rounds.begin();
  ++up_->last_ask_round;
  process_.after(parts_.stage.random.between(0us, 20ms), [this] { ask(); });
}

/// One after the other; then the round is over.
void SimValidator::ask() {
  const Now now = process_.now();
  const auto next = up_->asks.next(now);
  if (!next) return end_asking();
  using Reply = peers::LeaseReply;
  const auto sent = [next](SimQuantity& to, const auto& back) { to.ask(*next, back); };
  call_quantity<Reply>(std::make_shared<QuantityCall<Reply>>(
      QuantityCall<Reply>{.turn = peers::Turns::Call(up_->turns),
                          .send = sent,
                          .done = [this, next, asked = now.tick](const auto& reply) {
                            up_->answered(*next, reply, asked, process_.now());
                            ask();
                          }}));
}

void SimValidator::end_asking() {
  up_->ask_rounds.end();
  if (up_->ask_rounds.due()) return ask_for_leases();
  process_.after(schedules::kLeasePeriod, [this, round = up_->last_ask_round] {
    if (round == up_->last_ask_round) ask_for_leases();
  });
}

void SimValidator::housekeeping() {
  process_.after(schedules::kHousekeepingPeriod, [this] {
    up_->housekeeping(process_.now());
    housekeeping();
  });
}

}  // namespace stampede::simulation
