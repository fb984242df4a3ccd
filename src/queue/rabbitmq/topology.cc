#include "queue/rabbitmq/topology.h"

#include <algorithm>
#include <chrono>

namespace stampede::queue::rabbitmq {
namespace {

/// A consumer that dies of a message gets it again at its next start. A restart alone is no fault
/// of a message, so it takes many of them before one is set aside.
constexpr std::int64_t kDeliveryLimit = 1'000;

/// So long a broker may take for an answer at a role's start: it may have been started with it.
constexpr std::chrono::milliseconds kLongestAnswer{10'000};

}  // namespace

std::string order_queue(const Options& options, std::int32_t shard) {
  return options.name + ".orders." + std::to_string(shard);
}

std::string dead_letters(const Options& options) { return options.name + ".dead"; }

void declare_dead_letters(Connection& connection, const Options& options) {
  connection.declare(dead_letters(options), {});
}

void declare_shard(Connection& connection, const Options& options, std::int32_t shard) {
  connection.declare(order_queue(options, shard), {.max_length = options.max_length,
                                                   .dead_letters = dead_letters(options),
                                                   .delivery_limit = kDeliveryLimit,
                                                   .single_consumer = true});
}

void declare_topology(Connection& connection, const Options& options) {
  declare_dead_letters(connection, options);
  for (std::int32_t shard = 0; shard < kShards; ++shard) declare_shard(connection, options, shard);
}

void check_broker(const Options& options) {
  const auto check = [](const Options& with) {
    declare_topology(*Dialer(with, "stampede check").connect(), with);
  };
  try {
    check(options);
  } catch (const BrokerError& error) {
    if (error.kind() != BrokerError::Kind::kUnreachable) throw;
    Options patient = options;
    patient.connect_timeout = std::max(options.connect_timeout, kLongestAnswer);
    check(patient);
  }
}

Depths queue_depths(const Options& options) {
  const auto connection = Dialer(options, "stampede depths").connect();
  Depths depths;
  for (std::int32_t shard = 0; shard < kShards; ++shard) {
    depths.orders[static_cast<std::size_t>(shard)] = connection->depth(order_queue(options, shard));
  }
  depths.dead_letters = connection->depth(dead_letters(options));
  return depths;
}

}  // namespace stampede::queue::rabbitmq
