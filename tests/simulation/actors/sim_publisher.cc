#include "tests/simulation/actors/sim_publisher.h"

#include <algorithm>

#include "queue/codec.h"
#include "queue/outbox.h"

namespace stampede::simulation {

using namespace std::chrono_literals;

namespace {

/// A lease of an unusable shard is given up by the next review but one.
constexpr Duration kLongestRefusal = 300ms;

}  // namespace

SimPublisher::SimPublisher(Stage& stage, Process& process, SimBroker& broker,
                           std::function<void(const Purchase&)> accepted)
    : stage_(&stage),
      process_(&process),
      broker_(&broker),
      accepted_(std::move(accepted)),
      outbox_(stage.profile.outbox),
      backoff_(stage.random.next()) {}

void SimPublisher::start(queue::Resolutions resolutions) {
  resolutions_ = std::move(resolutions);
  connect();
  watch_confirms();
}

SimPublisher::~SimPublisher() {
  for (const auto& link : links_) broker_->close(link);
}

queue::Published SimPublisher::publish(const Purchase& purchase) {
  if (!outbox_.accept(purchase, process_->now().tick)) {
    check_refusal(purchase.lease);
    return queue::Published::kRefused;
  }
  if (stage_->bug == Bug::kUnknownIsRefused) sent_.push_back(purchase);
  pump_later();
  accepted_(purchase);
  if (stage_->chance(stage_->profile.frozen_in_publish)) {
    process_->freeze(stage_->random.between(1s, 12s));
  } else if (stage_->chance(stage_->profile.slow_publish)) {
    process_->freeze(stage_->random.between(100ms, 1'970ms));
  }
  return queue::Published::kSent;
}

void SimPublisher::publish(const queue::CloseMarker& marker) {
  stage_->trace.note(process_->name(), "marker of lease", {marker.lease.value});
  outbox_.accept(marker, process_->now().tick);
  pump_later();
}

void SimPublisher::connect() {
  const auto alone = [this](auto handle) {
    return [this, handle, generation = generation_ + 1](auto... words) {
      handle(generation, process_->now().tick, words...);
      tell();
      pump_later();
    };
  };
  SimBroker::PublisherEvents events;
  events.acked = alone([this](queue::Generation generation, Tick now, DeliveryTag tag, bool all) {
    outbox_.acked(generation, tag, all || stage_->bug == Bug::kConfirmsMultiple, now);
  });
  events.nacked = alone([this](queue::Generation generation, Tick now, DeliveryTag tag, bool all) {
    if (stage_->bug == Bug::kNackIsRefused) take_for_refused(tag);
    outbox_.nacked(generation, tag, all, now);
  });
  events.returned = alone([this](queue::Generation generation, Tick, DeliveryTag tag) {
    outbox_.returned(generation, tag);
    shards_.returned();
  });
  events.blocked =
      alone([this](queue::Generation, Tick, bool blocked) { outbox_.set_blocked(blocked); });
  events.lost = [this] { lose(); };
  link_ = broker_->connect_publisher(*process_, std::move(events));
  if (!link_) return connect_later();
  links_.push_back(link_);
  if (!declare_queues()) return lose();
  outbox_.connected(++generation_);
  backoff_.reset();
  by_tag_.clear();
  pump_later();
}

void SimPublisher::connect_later() {
  process_->after(backoff_.next(), [this] { connect(); });
}

/// False: the broker refused one, and the connection is lost.
bool SimPublisher::declare_queues() {
  for (std::int32_t shard = 0; shard < queue::kShards; ++shard) {
    if (!shards_.usable(shard) || !broker_->unusable(shard)) continue;
    note_refused(shard);
    stage_->trace.note(process_->name(), "cannot use shard", {shard});
    tell();
    return false;
  }
  shards_.all_declared();
  return true;
}

void SimPublisher::note_refused(std::int32_t shard) {
  shards_.refused(shard, process_->now().tick);
  refused_since_.clear();
  try_later();
}

void SimPublisher::try_later() {
  const auto next = shards_.next_try();
  if (!next || std::exchange(trying_shards_, true)) return;
  process_->after(std::max(Duration{1ms}, *next - process_->now().tick),
                  [this] { try_unusable_shards(); });
}

/// As RabbitQueue does it on a connection of its own.
void SimPublisher::try_unusable_shards() {
  trying_shards_ = false;
  for (const std::int32_t shard : shards_.due(process_->now().tick)) {
    if (!link_ || broker_->unusable(shard)) {
      note_refused(shard);
      continue;
    }
    stage_->trace.note(process_->name(), "can use shard", {shard});
    shards_.declared(shard);
    refused_since_.clear();
    pump_later();
  }
  try_later();
}

/// A buyer is refused who could have had a unit of another shard: not for long.
void SimPublisher::check_refusal(LeaseId lease) {
  if (usable(lease)) return;
  const Duration running = stage_->scheduler.time() - process_->stood_still();
  const auto first = refused_since_.try_emplace(lease, running).first->second;
  if (running - first <= kLongestRefusal) return;
  throw Breach("a shard: lease " + std::to_string(lease.value) +
               " is sold from, and its shard cannot be used");
}

void SimPublisher::lose() {
  stage_->trace.note(process_->name(), "lost its publishing connection");
  outbox_.connection_lost(generation_);
  if (stage_->bug == Bug::kStaleConfirms) {
    --generation_;
  } else {
    broker_->close(link_);
  }
  link_ = nullptr;
  if (stage_->bug == Bug::kUnknownIsRefused) {
    resolutions_.refused(std::exchange(sent_, {}));
  }
  tell();
  connect_later();
}

void SimPublisher::pump_later() {
  if (std::exchange(pumping_, true)) return;
  process_->after(stage_->random.between(50us, 500us), [this] { pump(); });
}

void SimPublisher::pump() {
  pumping_ = false;
  if (!link_) return;
  const Tick now = process_->now().tick;
  if (shards_.restore(now) && !declare_queues()) return lose();
  while (const auto outgoing = outbox_.next(now)) {
    if (stage_->bug == Bug::kNackIsRefused) {
      for (const auto& message : outgoing->messages) {
        const auto* purchase = std::get_if<Purchase>(&message);
        if (purchase != nullptr) by_tag_[outgoing->tag].push_back(*purchase);
      }
    }
    broker_->publish(link_, outgoing->shard, outgoing->tag, queue::encode(outgoing->messages));
  }
  const auto again = outbox_.next_try();
  if (!again || std::exchange(trying_again_, true)) return;
  process_->after(std::max(Duration{10ms}, *again - now), [this] {
    trying_again_ = false;
    pump();
  });
}

void SimPublisher::publish_past_the_outbox(const queue::CloseMarker& marker) {
  if (!link_) return;
  const queue::Message message = marker;
  broker_->publish(link_, queue::shard_of(marker.lease), 0, queue::encode({&message, 1}));
}

void SimPublisher::take_for_refused(DeliveryTag tag) {
  resolutions_.refused(std::exchange(by_tag_[tag], {}));
}

void SimPublisher::watch_confirms() {
  if (link_ && outbox_.overdue(process_->now().tick, queue::kConfirmTimeout)) lose();
  process_->after(500ms, [this] { watch_confirms(); });
}

void SimPublisher::tell() {
  const auto resolved = outbox_.take_resolved();
  if (!resolved.queued.empty()) resolutions_.queued(resolved.queued);
  if (!resolved.refused.empty()) resolutions_.refused(resolved.refused);
  if (stage_->bug != Bug::kUnknownIsRefused) return;
  for (const auto* outcome : {&resolved.queued, &resolved.refused}) {
    for (const Purchase& purchase : *outcome) {
      std::erase_if(sent_, [&](const Purchase& sent) { return sent.intent == purchase.intent; });
    }
  }
}

}  // namespace stampede::simulation
