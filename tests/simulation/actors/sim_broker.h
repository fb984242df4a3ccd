#pragma once

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "queue/outbox.h"
#include "tests/simulation/engine/pipe.h"

namespace stampede::simulation {

using queue::DeliveryTag;

/// RabbitMQ as far as the sale sees it: durable queues, one a shard, each with a single active
/// consumer; confirms that come late, out of order and many at once; connections that are lost with
/// a part of what was on its way. What it confirmed is never lost, and one queue's messages change
/// their order only where a real broker's do: what was delivered and not acknowledged comes again,
/// at the front and in order, and what a lost connection still carried may arrive after what the
/// next one published.
class SimBroker {
 public:
  SimBroker(Stage& stage, Network& network);

  Process& process() { return process_; }
  /// Told of each message that a queue keeps.
  std::function<void(const std::string& body)> kept;

  struct PublisherEvents {
    std::function<void(DeliveryTag, bool multiple)> acked;
    std::function<void(DeliveryTag, bool multiple)> nacked;
    std::function<void(DeliveryTag)> returned;
    std::function<void(bool)> blocked;
    std::function<void()> lost;
  };
  struct ConsumerEvents {
    std::function<void(DeliveryTag, const std::string& body)> delivered;
    std::function<void()> lost;
  };
  struct Link;
  using LinkPtr = std::shared_ptr<Link>;

  /// Null while the broker cannot be reached. Events come in the client's process, until close().
  LinkPtr connect_publisher(Process& client, PublisherEvents events);
  LinkPtr connect_consumer(Process& client, std::int32_t shard, ConsumerEvents events);
  void publish(const LinkPtr& link, std::int32_t shard, DeliveryTag tag, std::string body);
  /// All deliveries of the link up to `tag`.
  void acknowledge(const LinkPtr& link, DeliveryTag tag);
  /// The client gives it up, or died: the broker sees that later.
  void close(const LinkPtr& link);

  // Faults.
  void drop(const Process& client);
  void set_away(bool away);
  void set_blocked(bool blocked);
  /// Puts a message into the queue that no publisher of the sale sent.
  void put(std::int32_t shard, std::string body);
  void set_missing(std::int32_t shard, bool missing);
  /// The queue is there otherwise than a publisher declares it: it takes nothing.
  void set_unusable(std::int32_t shard, bool unusable);
  bool unusable(std::int32_t shard) const { return queue_of(shard).unusable; }

  /// Messages that were not acknowledged yet.
  std::size_t depth() const;

 private:
  struct Delivery {
    DeliveryTag tag = 0;
    std::string body;
  };
  struct Queue {
    std::deque<std::string> ready;
    std::vector<LinkPtr> consumers;  // the first is active
    bool missing = false;
    bool unusable = false;
  };

  Queue& queue_of(std::int32_t shard) { return queues_[static_cast<std::size_t>(shard)]; }
  const Queue& queue_of(std::int32_t shard) const {
    return queues_[static_cast<std::size_t>(shard)];
  }
  LinkPtr connect(Process& client, bool publishes);
  void arrived(const LinkPtr& link, std::int32_t shard, DeliveryTag tag, const std::string& body);
  void send_confirms(const LinkPtr& link);
  void refuse(const LinkPtr& link, DeliveryTag tag);
  void deliver(Queue& queue);
  /// The broker's side of a link's end.
  void end(const LinkPtr& link);
  /// Tells the client, if it still listens to this link.
  void tell(const LinkPtr& link, std::function<void()> event);

  Stage* stage_;
  Network* network_;
  Process process_;
  std::array<Queue, queue::kShards> queues_;
  std::vector<LinkPtr> links_;
  bool away_ = false;
  bool blocked_ = false;
};

struct SimBroker::Link {
  Process* client = nullptr;
  bool open = true;     // at the broker
  bool listens = true;  // at the client
  PublisherEvents publisher;
  ConsumerEvents consumer;
  std::shared_ptr<Pipe> in;   // to the broker
  std::shared_ptr<Pipe> out;  // to the client

  std::set<DeliveryTag> unconfirmed;
  std::set<DeliveryTag> confirmable;  // of them, those of which the queue is sure
  std::int32_t shard = 0;             // of a consumer
  DeliveryTag last_tag = 0;
  std::deque<Delivery> unacknowledged;
};

}  // namespace stampede::simulation
