#include "tests/simulation/sim_validator.h"

#include <cstdio>

#include "tests/support/test_ring.h"

namespace stampede::simulation {

using namespace std::chrono_literals;
using services::purchase::Checkout;
using services::purchase::Rules;
using services::purchase::Waiter;

namespace {

/// Cookies and captchas are not simulated, but their keys are asked for.
const identity::KeyRing& key_ring() {
  static const test::TestRing ring;
  return ring.ring();
}

/// Fewer than the real ring has, to draw it fast.
constexpr int kVirtualNodes = 8;
constexpr Duration kBeatEvery = 500ms;
constexpr Duration kLinkPatience = 1s;
constexpr Duration kForwardPatience = 3s;

Rules rules_of(const Profile& profile) {
  return {.check_rate = 0,
          .interval = profile.interval,
          .answer_after = Rules::AnswerAfter::kQueued,
          .stripes = 2};
}

Member member_of(std::size_t index, std::int64_t life) {
  const std::string node(1, static_cast<char>('a' + index));
  char incarnation[17];
  std::snprintf(incarnation, sizeof incarnation, "%016llx", static_cast<unsigned long long>(life));
  return {.node = node, .address = node + ":8083", .incarnation = incarnation};
}

Answer unavailable() { return {.verdict = Verdict::kUnavailable, .retry_after = 1s}; }

}  // namespace

/// What a process has in memory.
struct SimValidator::Up {
  Up(SimValidator& validator, Member as);

  void note(OrderNumber number) {
    const auto index = static_cast<std::size_t>(number.value);
    if (orders.size() <= index) orders.resize(index + 1);
    orders[index] = true;
  }

  const Member member;
  captcha::Tokens captcha{key_ring()};
  services::accounts::Sessions sessions{key_ring()};
  services::admission::Blacklist blacklist;
  services::purchase::Post post;
  SimPublisher publisher;
  Checkout checkout;
  services::leasing::Holder holder;
  schedules::Heartbeat heartbeat;
  std::shared_ptr<const services::routing::Ring> ring;
  std::vector<bool> orders;  // those it was told of, by number
};

SimValidator::Up::Up(SimValidator& validator, Member as)
    : member(std::move(as)),
      post([&process = validator.process_](auto task) { process.after(0us, std::move(task)); }),
      publisher(validator.parts_.stage, validator.process_, validator.parts_.broker,
                {.queued =
                     [this, &validator](std::span<const Purchase> purchases) {
                       for (const Purchase& purchase : purchases) {
                         validator.parts_.checks.confirmed(purchase);
                       }
                       checkout.note_queued(purchases);
                     },
                 .refused = [this](std::span<const Purchase> p) { checkout.note_refused(p); }},
                [&validator](const Purchase& purchase) { validator.sold(purchase); }),
      checkout(rules_of(validator.parts_.stage.profile),
               {.captcha = captcha,
                .queue = publisher,
                .blacklist = blacklist,
                .low_stock =
                    [&validator](SaleId) {
                      validator.process_.after(0us, [&validator] { validator.send_asks(); });
                    }}),
      holder({.holder = member.holder(),
              .checkout = checkout,
              .queue = publisher,
              .stuck = [this](Tick before) { return publisher.stuck_leases(before); }},
             {}),
      heartbeat({.member = member,
                 .virtual_nodes = kVirtualNodes,
                 .checkout = checkout,
                 .holder = holder,
                 .blacklist = blacklist,
                 .sessions = sessions,
                 .counters = {},
                 .ring_changed = [this](auto changed) { ring = std::move(changed); }}) {}

SimValidator::SimValidator(const Parts& parts, std::size_t index)
    : parts_(parts),
      index_(index),
      process_(parts.stage, "validator " + std::string(1, static_cast<char>('a' + index))) {}

SimValidator::~SimValidator() = default;

void SimValidator::start() {
  process_.start();
  ++lives_;
  const bool same = parts_.stage.bug == Bug::kSameIncarnation;
  up_ = std::make_unique<Up>(*this, member_of(index_, same ? 1 : lives_));
  beat();
  review();
}

void SimValidator::kill() {
  process_.kill();
  up_.reset();
}

std::string SimValidator::holder() const { return up_ ? up_->member.holder() : std::string{}; }

std::size_t SimValidator::unresolved() const { return up_ ? up_->publisher.unresolved() : 0; }

/// The clock is read at the door; the rules may see it much later.
void SimValidator::check(const Check& check, bool forwarded,
                         const Network::Answer<Answer>& answer) {
  auto& stage = parts_.stage;
  const bool slow = stage.chance(0.02);
  const Duration delay = slow ? stage.random.between(1ms, 500ms) : stage.random.between(5us, 50us);
  process_.after(delay, [this, check, forwarded, answer, now = process_.now()] {
    decide(check, forwarded, now, answer);
  });
  if (stage.chance(stage.profile.frozen_in_request)) {
    process_.freeze(stage.random.between(1s, 12s));
  }
}

void SimValidator::decide(const Check& check, bool forwarded, Now now,
                          const Network::Answer<Answer>& answer) {
  if (!up_->heartbeat.ready() || !up_->ring) return answer(unavailable());
  const auto owner = up_->ring->owner_index(check.buyer);
  if (!owner) return answer(unavailable());
  const auto index = static_cast<std::size_t>(up_->ring->members()[*owner].node[0] - 'a');
  if (index != index_ && !forwarded) return forward(check, *parts_.all[index], answer);

  const auto wait = [&] {
    return Waiter{.post = &up_->post,
                  .resume = [answer, alive = check.alive](Answer&& late) { answer(late); }};
  };
  const auto decided =
      up_->checkout.attempt({check.buyer, check.product, check.key, {}, now}, wait);
  if (decided) answer(*decided);
}

/// By an attempt that changes nothing, whatever is answered.
bool SimValidator::says_no(UserId buyer) {
  if (!process_.running() || process_.frozen()) return false;
  static const auto key = *IdempotencyKey::parse("nobodys-intent-at-all");
  const auto answer = up_->checkout.attempt({buyer, ProductId{99}, key, {}, process_.now()}, {});
  return answer && answer->verdict == Verdict::kUnknownProduct;
}

void SimValidator::sold(const Purchase& purchase) {
  for (auto& other : parts_.all) {
    if (other.get() != this && other->says_no(purchase.buyer)) {
      parts_.checks.sold_beside_a_no(purchase);
    }
  }
}

void SimValidator::forward(const Check& check, SimValidator& owner,
                           const Network::Answer<Answer>& answer) {
  parts_.network.call<Answer>(
      process_, owner.process_, kForwardPatience, Network::Transport::kOnce,
      [&owner, check](const Network::Answer<Answer>& back) { owner.check(check, true, back); },
      [answer](const std::optional<Answer>& reply) {
        // Lost: nobody knows what became of it.
        answer(reply.value_or(unavailable()));
      });
}

void SimValidator::beat_later(Duration delay) {
  process_.after(delay, [this] { beat(); });
}

void SimValidator::beat() {
  const Now asked = process_.now();
  auto sent = std::make_shared<peers::Heartbeat>(up_->heartbeat.compose(asked));
  auto& quantity = parts_.quantity;
  parts_.network.call<peers::HeartbeatReply>(
      process_, quantity.process(), kLinkPatience, Network::Transport::kMayRepeat,
      [&quantity, sent](const Network::Answer<peers::HeartbeatReply>& back) {
        quantity.beat(*sent, back);
      },
      [this, sent, asked](std::optional<peers::HeartbeatReply> reply) {
        bool at_once = false;
        if (reply) {
          at_once = up_->heartbeat.apply(*reply, asked, process_.now());
          for (const Order& order : reply->orders) up_->note(order.number);
          if (!at_once) parts_.checks.told_closed(reply->oldest_open, up_->orders);
          parts_.stage.trace.note(process_.name(), "heartbeat",
                                  {reply->ring_epoch, reply->oldest_open.value,
                                   static_cast<std::int64_t>(reply->orders.size())});
        } else {
          up_->heartbeat.unanswered(peers::Heartbeat(*sent));
        }
        beat_later(at_once ? 0us : kBeatEvery);
      });
}

void SimValidator::send_asks() {
  const Now asked = process_.now();
  auto& quantity = parts_.quantity;
  for (const auto& ask : up_->holder.wanted(asked)) {
    parts_.network.call<peers::LeaseReply>(
        process_, quantity.process(), kLinkPatience, Network::Transport::kMayRepeat,
        [&quantity, ask](const Network::Answer<peers::LeaseReply>& back) {
          quantity.ask(ask, back);
        },
        [this, ask, asked](std::optional<peers::LeaseReply> reply) {
          const Now now = process_.now();
          if (reply) {
            up_->holder.answered(ask, *reply, asked.tick, now);
          } else {
            up_->holder.unanswered(ask, now.tick);
          }
        });
  }
}

void SimValidator::review() {
  const Now now = process_.now();
  up_->holder.review(now);
  up_->checkout.expire_waits(now.tick);
  send_asks();
  process_.after(100ms, [this] { review(); });
}

}  // namespace stampede::simulation
