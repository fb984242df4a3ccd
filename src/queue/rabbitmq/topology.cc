#include "queue/rabbitmq/topology.h"

#include <algorithm>
#include <chrono>

#include "telemetry/log.h"

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

namespace {

/// A shard whose queue is refused takes the connection with it.
void declare_usable(const Options& options) {
  Dialer dialer(options, "stampede check");
  auto connection = dialer.connect();
  declare_dead_letters(*connection, options);
  int unusable = 0;
  for (std::int32_t shard = 0; shard < kShards; ++shard) {
    try {
      declare_shard(*connection, options, shard);
    } catch (const BrokerError& error) {
      if (error.kind() != BrokerError::Kind::kTopology || ++unusable == kShards) throw;
      telemetry::log_error("a shard cannot be used, the others go on", "shard={} reason=\"{}\"",
                           shard, error.what());
      connection = dialer.connect();
    }
  }
}

}  // namespace

void check_broker(const Options& options) {
  try {
    declare_usable(options);
  } catch (const BrokerError& error) {
    if (error.kind() != BrokerError::Kind::kUnreachable) throw;
    Options patient = options;
    patient.connect_timeout = std::max(options.connect_timeout, kLongestAnswer);
    declare_usable(patient);
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
