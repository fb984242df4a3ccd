#include "tests/simulation/actors/validator_process.h"

#include "tests/simulation/actors/keys.h"

namespace stampede::simulation {

using namespace std::chrono_literals;
using services::leasing::LeaseTimes;
using services::purchase::Rules;
using services::routing::Ownership;

namespace {

Rules rules_of(const Stage& stage) {
  const bool hasty = stage.bug == Bug::kIntervalForgotten;
  return {.check_rate = 0, .interval = hasty ? 0ms : stage.profile.interval, .stripes = 2};
}

LeaseTimes lease_times_of(const Stage& stage) {
  LeaseTimes times;
  if (stage.bug == Bug::kLongLife) times.life = 8s;
  return times;
}

}  // namespace

SimValidator::Up::Up(SimValidator& sim_validator, Member as)
    : owner(sim_validator),
      stage(owner.parts_.stage),
      captcha(key_ring()),
      first(key_ring(), as.node),
      rotated(key_ring(stage.bug == Bug::kPreviousKeysDropped ? 2 : 1), as.node),
      post([&process = owner.process_](auto task) { process.after(0us, std::move(task)); }),
      publisher(stage, owner.process_, owner.parts_.broker,
                [this](const Purchase& purchase) { owner.sold(purchase); }),
      validator({.member = std::move(as),
                 .rules = rules_of(stage),
                 .captcha = captcha,
                 .sessions = first.sessions,
                 .queue = publisher,
                 .stuck = [this](Tick before) { return publisher.stuck_leases(before); },
                 .can_publish = [this] { return publisher.connected(); },
                 .shard_usable =
                     [this](LeaseId lease) {
                       return publisher.usable(lease) || stage.bug == Bug::kUnusableShardKept;
                     },
                 .low_stock = [this] { owner.nudge_asks(); },
                 .lease_times = lease_times_of(stage)}) {
  const auto tell = validator.resolutions();
  publisher.start({.queued =
                       [this, tell](std::span<const Purchase> purchases) {
                         for (const Purchase& purchase : purchases) {
                           owner.parts_.checks.confirmed(purchase);
                         }
                         tell.queued(purchases);
                       },
                   .refused =
                       [this, tell](std::span<const Purchase> purchases) {
                         if (stage.bug == Bug::kRefusalsSwallowed) return;
                         for (const Purchase& purchase : purchases) {
                           owner.parts_.checks.purchases.given_back(purchase);
                         }
                         tell.refused(purchases);
                       }});
}

std::optional<Answer> SimValidator::Up::attempt(const services::purchase::Attempt& attempt,
                                                const services::purchase::MakeWaiter& wait) {
  if (stage.bug == Bug::kWallClockBelieved) return validator.checkout().attempt(attempt, wait);
  if (stage.bug == Bug::kJumpIgnored) {
    auto read = attempt;
    read.now = validator.clocks().read(attempt.now).now;
    return validator.checkout().attempt(read, wait);
  }
  return validator.attempt(attempt, wait);
}

void SimValidator::Up::note(OrderNumber number) {
  const auto index = static_cast<std::size_t>(number.value);
  if (orders.size() <= index) orders.resize(index + 1);
  orders[index] = true;
}

services::validator::HeartbeatSteps::Heard SimValidator::Up::hear(
    std::optional<peers::HeartbeatReply>& said, Now now) {
  if (!said) return beats.heard(std::unexpected("no reply came"), now);
  peers::HeartbeatReply& reply = *said;
  ring_before = validator.routes().ring();
  const std::int64_t epoch_before = ring_before->epoch();
  for (const Order& order : reply.orders) {
    if (stage.bug == Bug::kPendingIgnored) {
      under_way[order.buyer].erase(std::string(order.intent.text()));
    }
  }
  spoil_reply(reply);
  const auto heard = beats.heard(reply, now);
  if (!heard.problem.empty()) return heard;
  // As the validator has done it with the others.
  const bool told = reply.database_time != Instant{};
  rotated.sessions.load(reply.epochs, told ? reply.database_time : now.wall);
  for (const Order& order : reply.orders) note(order.number);
  spoil_rules(reply, epoch_before, now);
  return heard;
}

void SimValidator::Up::answered(const peers::LeaseAsk& ask,
                                const std::optional<peers::LeaseReply>& reply, Tick asked,
                                Now now) {
  if (stage.bug == Bug::kLeaseFromReply) {  // which it looks at a second later
    owner.process_.after(1s, [this, ask, reply] {
      const Now looked = owner.process_.now();
      validator.answered(ask, reply, looked, looked);
    });
    return;
  }
  asks.heard(reply, now);
  if (stage.bug != Bug::kLeaseTakenTwice || !reply || !reply->lease) return;
  owner.process_.after(1s, [this, lease = *reply->lease, deadline = asked + 5s] {
    validator.checkout().catalog().add_lease(lease.sale, lease.id, lease.granted,
                                             owner.process_.now(), deadline);
  });
}

void SimValidator::Up::review(Now now) {
  validator.review(now);
  spoil_markers();
}

void SimValidator::Up::housekeeping(Now now) {
  constexpr int kSweepEvery = 20;  // 5 s, half of what it is: a simulated sale is short
  if (++rounds % kSweepEvery == 0) validator.sweep(now);
  if (stage.bug != Bug::kWaitsNeverExpire) validator.expire_waits(now);
}

void SimValidator::Up::spoil_reply(peers::HeartbeatReply& reply) {
  if (stage.bug == Bug::kCancelledUnheard) {
    std::erase_if(reply.orders,
                  [](const Order& order) { return order.status == OrderStatus::kCancelled; });
  }
  if (stage.bug == Bug::kExpiredUnheard) {
    std::erase_if(reply.orders,
                  [](const Order& order) { return order.status == OrderStatus::kExpired; });
  }
  if (stage.bug == Bug::kExpiredNotCounted) {
    for (Order& order : reply.orders) order = as_if_cancelled(order);
  }
  if (stage.bug == Bug::kOldLeasesKept) reply.newest_lease = LeaseId{};
  if (stage.bug == Bug::kRecallIgnored) reply.recalled.clear();
  if (stage.bug == Bug::kStartOverIgnored) reply.start_over = false;
  if (stage.bug == Bug::kOwnVirtualNodes) reply.virtual_nodes += static_cast<int>(owner.index_);
  if (stage.bug == Bug::kBansIgnored && reply.blacklist) reply.blacklist->clear();
  if (stage.bug == Bug::kSessionsNotLoaded) reply.epochs.clear();
  if (stage.bug == Bug::kOrdersSkipped && !reply.orders.empty() && stage.random.chance(0.1)) {
    reply.orders.pop_back();
  }
}

void SimValidator::Up::spoil_rules(const peers::HeartbeatReply& reply, std::int64_t epoch_before,
                                   Now now) {
  spoil_ownership(reply, epoch_before, now.tick);
  spoil_markers();
  if (stage.bug == Bug::kRenewFromReply) validator.leases().note_renewed(reply.renewed, now.tick);
  if (stage.bug == Bug::kDoubtFromReply)
    validator.checkout().doubt_from(now.tick + LeaseTimes{}.sure);
  if (stage.bug == Bug::kNeverDoubts) validator.checkout().doubt_from(Tick::max());
  for (const SalePosition& position : reply.stock) {
    if (stage.bug == Bug::kSoldOutStays && position.sold_out()) {
      once_sold_out.insert(position.sale.id);
    }
  }
}

/// As the heartbeat does it, but for one rule.
void SimValidator::Up::spoil_ownership(const peers::HeartbeatReply& reply,
                                       std::int64_t epoch_before, Tick now) {
  const bool forgets = stage.bug == Bug::kNewlyOwnedForgotten;
  const bool at_once = stage.bug == Bug::kNewlyOwnedDecidesAtOnce;
  const bool misses = stage.bug == Bug::kMissedRing;
  if (!forgets && !at_once && !misses) return;
  if (reply.ring_epoch != 0 && reply.ring_epoch != epoch_before && !forgets) {
    const bool missed = epoch_before + 1 != reply.ring_epoch;
    newly_owned.push_back({.before = missed && !misses ? nullptr : ring_before,
                           .newest_lease = reply.newest_lease,
                           .decides_from = at_once ? Tick::min() : now + LeaseTimes{}.sure});
  }
  if (!reply.more) {
    std::erase_if(newly_owned, [&](const Ownership::NewlyOwned& newly_owned_range) {
      return newly_owned_range.newest_lease < reply.oldest_open &&
             now >= newly_owned_range.decides_from;
    });
  }
  validator.checkout().load_ownership(
      std::make_shared<const Ownership>(Ownership{.ring = validator.routes().ring(),
                                                  .node = validator.member().node,
                                                  .newly_owned = newly_owned}));
}

void SimValidator::Up::spoil_attempt(UserId buyer, Now now) {
  if (stage.bug == Bug::kPendingIgnored) {
    load_limit(static_cast<std::int32_t>(under_way[buyer].size()));
  }
  if (stage.bug == Bug::kSoldOutStays) {
    for (const SaleId sale : once_sold_out)
      validator.checkout().catalog().note_position({.sale = {.id = sale}}, now);
  }
  if (stage.bug != Bug::kTakeIgnoresDeadline) return;
  const auto sales = validator.checkout().catalog().snapshot();
  for (const auto& entry : sales->all()) {
    for (const auto& lease : entry.units->stock.held()) {
      entry.units->stock.renew(lease.lease, now.tick + 1us);
    }
  }
}

void SimValidator::Up::load_limit(std::int32_t more) {
  const auto snapshot = validator.checkout().catalog().snapshot();
  std::vector<Sale> sales;
  for (const auto& entry : snapshot->all()) {
    sales.push_back(entry.sale);
    sales.back().per_buyer_limit = stage.profile.limit + more;
  }
  validator.checkout().load_sales(sales);
}

/// A lease that is given up: its marker goes at once, whatever is unresolved.
void SimValidator::Up::spoil_markers() {
  if (stage.bug != Bug::kMarkerOvertakes) return;
  std::set<LeaseId> now_held;
  const auto sales = validator.checkout().catalog().snapshot();
  for (const auto& entry : sales->all()) {
    for (const auto& lease : entry.units->stock.held()) now_held.insert(lease.lease);
  }
  for (const LeaseId lease : held) {
    if (!now_held.contains(lease)) publisher.publish_past_the_outbox(queue::CloseMarker{lease});
  }
  held = std::move(now_held);
}

}  // namespace stampede::simulation
