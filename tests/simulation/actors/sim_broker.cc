#include "tests/simulation/actors/sim_broker.h"

#include <algorithm>
#include <iterator>

namespace stampede::simulation {

using namespace std::chrono_literals;

namespace {

/// Deliveries that one consumer may have unacknowledged.
constexpr std::size_t kPrefetch = 5;

}  // namespace

SimBroker::SimBroker(Stage& stage, Network& network)
    : stage_(&stage), network_(&network), process_(stage, "broker") {
  process_.start();
}

SimBroker::LinkPtr SimBroker::connect(Process& client, bool publishes) {
  if (away_ || !network_->linked(client, process_)) return nullptr;
  auto link = std::make_shared<Link>();
  link->client = &client;
  const auto linked = [this, &client] { return network_->linked(client, process_); };
  link->in = std::make_shared<Pipe>(*stage_, *network_, [this, linked, publishes] {
    return linked() && !(publishes && blocked_);
  });
  link->out = std::make_shared<Pipe>(*stage_, *network_, linked);
  links_.push_back(link);
  return link;
}

SimBroker::LinkPtr SimBroker::connect_publisher(Process& client, PublisherEvents events) {
  auto link = connect(client, true);
  if (!link) return nullptr;
  link->publisher = std::move(events);
  if (blocked_) tell(link, [link] { link->publisher.blocked(true); });
  return link;
}

SimBroker::LinkPtr SimBroker::connect_consumer(Process& client, std::int32_t shard,
                                               ConsumerEvents events) {
  auto link = connect(client, false);
  if (!link) return nullptr;
  link->consumer = std::move(events);
  link->shard = shard;
  Queue& queue = queue_of(shard);
  queue.consumers.push_back(link);
  deliver(queue);
  return link;
}

void SimBroker::tell(const LinkPtr& link, std::function<void()> event) {
  if (!link->open) return;
  link->out->push([link, event = std::move(event)] {
    link->client->after(0us, [link, event] {
      if (link->listens) event();
    });
  });
}

void SimBroker::publish(const LinkPtr& link, std::int32_t shard, DeliveryTag tag,
                        std::string body) {
  link->in->push(
      [this, link, shard, tag, body = std::move(body)] { arrived(link, shard, tag, body); });
}

/// The order of RabbitMQ: a message that cannot be routed is returned, then acknowledged.
void SimBroker::arrived(const LinkPtr& link, std::int32_t shard, DeliveryTag tag,
                        const std::string& body) {
  Queue& queue = queue_of(shard);
  const bool refused = stage_->chance(stage_->profile.nack);
  const bool keeps = !queue.missing && !queue.unusable && (!refused || stage_->random.chance(0.3));
  if (keeps) {
    kept(body);
    queue.ready.push_back(body);
    deliver(queue);
  }
  stage_->trace.note(link->client->name(), keeps ? "published" : "published in vain",
                     {shard, static_cast<std::int64_t>(tag), link->open, refused});
  if (!link->open) return;
  link->unconfirmed.insert(tag);
  if (refused) return refuse(link, tag);
  if (!keeps) tell(link, [link, tag] { link->publisher.returned(tag); });
  const bool late = stage_->chance(stage_->profile.confirm_late);
  const Duration delay =
      late ? stage_->random.between(1s, 12s) : stage_->random.between(500us, 30ms);
  stage_->scheduler.after(delay, [this, link, tag] {
    link->confirmable.insert(tag);
    const Duration gathering = stage_->random.chance(0.5) ? 0us : stage_->random.between(1ms, 40ms);
    stage_->scheduler.after(gathering, [this, link] { send_confirms(link); });
  });
}

/// Often late: the queue found no majority, and confirms of other queues are faster.
void SimBroker::refuse(const LinkPtr& link, DeliveryTag tag) {
  const bool late = stage_->random.chance(0.5);
  stage_->scheduler.after(late ? stage_->random.between(1ms, 3s) : 0us, [this, link, tag] {
    link->unconfirmed.erase(tag);
    tell(link, [link, tag] { link->publisher.nacked(tag, false); });
  });
}

/// Those from the first unconfirmed on without a gap in one, the others one by one.
void SimBroker::send_confirms(const LinkPtr& link) {
  const auto confirm = [&](DeliveryTag tag, bool multiple) {
    stage_->trace.note(link->client->name(), "is confirmed",
                       {static_cast<std::int64_t>(tag), multiple});
    tell(link, [link, tag, multiple] { link->publisher.acked(tag, multiple); });
  };
  std::size_t count = 0;
  DeliveryTag last = 0;
  while (!link->confirmable.empty() && *link->confirmable.begin() == *link->unconfirmed.begin()) {
    last = *link->confirmable.begin();
    link->confirmable.erase(last);
    link->unconfirmed.erase(last);
    ++count;
  }
  if (count > 0) confirm(last, count > 1 || stage_->random.chance(0.5));
  for (const DeliveryTag tag : link->confirmable) {
    confirm(tag, false);
    link->unconfirmed.erase(tag);
  }
  link->confirmable.clear();
}

void SimBroker::deliver(Queue& queue) {
  if (queue.consumers.empty()) return;
  const LinkPtr link = queue.consumers.front();
  while (!queue.ready.empty() && link->unacknowledged.size() < kPrefetch) {
    const DeliveryTag tag = ++link->last_tag;
    link->unacknowledged.push_back({tag, std::move(queue.ready.front())});
    queue.ready.pop_front();
    tell(link, [link, tag, body = link->unacknowledged.back().body] {
      link->consumer.delivered(tag, body);
    });
  }
}

void SimBroker::acknowledge(const LinkPtr& link, DeliveryTag tag) {
  link->in->push([this, link, tag] {
    if (!link->open) return;
    while (!link->unacknowledged.empty() && link->unacknowledged.front().tag <= tag) {
      link->unacknowledged.pop_front();
    }
    deliver(queue_of(link->shard));
  });
}

void SimBroker::close(const LinkPtr& link) {
  link->listens = false;
  link->in->cut();
  const Duration unnoticed = stage_->random.between(1ms, 3s);
  stage_->scheduler.after(unnoticed, [this, link] { end(link); });
}

void SimBroker::end(const LinkPtr& link) {
  if (!link->open) return;
  link->open = false;
  std::erase(links_, link);
  Queue& queue = queue_of(link->shard);
  for (auto delivery = link->unacknowledged.rbegin(); delivery != link->unacknowledged.rend();
       ++delivery) {
    queue.ready.push_front(std::move(delivery->body));
  }
  link->unacknowledged.clear();
  std::erase(queue.consumers, link);
  deliver(queue);
}

void SimBroker::drop(const Process& client) {
  for (const LinkPtr& link : std::vector(links_)) {
    if (link->client != &client) continue;
    link->in->cut();
    link->out->cut();
    end(link);
    link->client->after(stage_->random.between(0us, 2s), [this, link] {
      if (!link->listens) return;
      link->listens = stage_->bug == Bug::kStaleConfirms;
      (link->publisher.lost ? link->publisher.lost : link->consumer.lost)();
    });
  }
}

void SimBroker::set_away(bool away) {
  away_ = away;
  if (!away) return;
  for (const LinkPtr& link : std::vector(links_)) drop(*link->client);
}

void SimBroker::set_blocked(bool blocked) {
  blocked_ = blocked;
  for (const LinkPtr& link : links_) {
    if (link->publisher.blocked) tell(link, [link, blocked] { link->publisher.blocked(blocked); });
  }
}

void SimBroker::set_missing(std::int32_t shard, bool missing) { queue_of(shard).missing = missing; }

void SimBroker::set_unusable(std::int32_t shard, bool unusable) {
  queue_of(shard).unusable = unusable;
}

void SimBroker::put(std::int32_t shard, std::string body) {
  Queue& queue = queue_of(shard);
  queue.ready.push_back(std::move(body));
  deliver(queue);
}

std::size_t SimBroker::depth() const {
  std::size_t depth = 0;
  for (const Queue& queue : queues_) depth += queue.ready.size();
  for (const LinkPtr& link : links_) depth += link->unacknowledged.size();
  return depth;
}

}  // namespace stampede::simulation
