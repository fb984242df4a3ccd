#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "queue/rabbitmq/connection.h"
#include "queue/rabbitmq/options.h"
#include "queue/shards.h"

namespace stampede::queue::rabbitmq {

/// The queue of a shard, 0 to kShards - 1.
std::string order_queue(const Options& options, std::int32_t shard);
/// Where messages go that were delivered too often without being acknowledged.
std::string dead_letters(const Options& options);

/// Declares a shard's queue: a durable quorum queue with a single active consumer that refuses when
/// it is full. Throws BrokerError, kTopology if one is there with other arguments; the connection
/// is of no more use then.
void declare_shard(Connection& connection, const Options& options, std::int32_t shard);
/// Likewise the queue of dead letters, which all shards share.
void declare_dead_letters(Connection& connection, const Options& options);
/// Likewise all queues of the sale.
void declare_topology(Connection& connection, const Options& options);

/// Connects, declares the queues and leaves: what a role does before it listens, so that
/// wrong credentials and queues are said at once. A shard whose queue is there with other arguments
/// is logged and left out; throws BrokerError, kTopology if all are, or the dead letters. If no
/// broker answers in time, it asks once more, with 10 s for each answer.
void check_broker(const Options& options);

/// How many messages wait, delivered ones not counted.
struct Depths {
  std::array<std::uint64_t, kShards> orders{};
  std::uint64_t dead_letters = 0;
};
/// Over a connection of its own; blocks. Throws BrokerError.
Depths queue_depths(const Options& options);

}  // namespace stampede::queue::rabbitmq
