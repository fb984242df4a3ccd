#include "queue/rabbitmq/rabbit_queue.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

#include "queue/codec.h"
#include "queue/rabbitmq/topology.h"
#include "telemetry/log.h"

namespace stampede::queue::rabbitmq {
namespace {

std::vector<std::string> queue_names(const Options& options) {
  std::vector<std::string> names;
  for (std::int32_t shard = 0; shard < kShards; ++shard) {
    names.push_back(order_queue(options, shard));
  }
  return names;
}

Tick tick() { return read_clocks().tick; }

}  // namespace

RabbitQueue::RabbitQueue(Options options)
    : options_(std::move(options)),
      queues_(queue_names(options_)),
      outbox_(options_.outbox),
      shards_(outbox_),
      dialer_(options_, "stampede publisher") {}

void RabbitQueue::start(Resolutions resolutions) {
  resolutions_ = std::move(resolutions);
  publisher_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  trier_ = std::jthread([this](const std::stop_token& stop) { try_unusable_shards(stop); });
}

void RabbitQueue::stop() {
  {
    const concurrency::MutexLock lock(mutex_);
    stopping_ = true;
    try_now_.notify_all();
  }
  publisher_.request_stop();
  trier_.request_stop();
  wake_.set();
  if (publisher_.joinable()) publisher_.join();
  if (trier_.joinable()) trier_.join();
}

Published RabbitQueue::publish(const Purchase& purchase) {
  const Tick now = tick();
  const concurrency::MutexLock lock(mutex_);
  if (closing_ || !outbox_.accept(purchase, now)) return Published::kRefused;
  if (std::exchange(asleep_, false)) wake_.set();
  return Published::kSent;
}

void RabbitQueue::publish(const CloseMarker& marker) {
  const Tick now = tick();
  const concurrency::MutexLock lock(mutex_);
  outbox_.accept(marker, now);
  if (std::exchange(asleep_, false)) wake_.set();
}

bool RabbitQueue::finish(std::chrono::milliseconds patience) {
  const concurrency::MutexLock lock(mutex_);
  closing_ = true;
  return told_.wait_for(mutex_, patience, [this]() STAMPEDE_REQUIRES(mutex_) {
    return outbox_.unresolved() == 0 && !telling_;
  });
}

std::vector<LeaseId> RabbitQueue::stuck_leases(Tick before) const {
  const concurrency::MutexLock lock(mutex_);
  return outbox_.stuck_leases(before);
}

std::size_t RabbitQueue::unresolved() const {
  const concurrency::MutexLock lock(mutex_);
  return outbox_.unresolved();
}

bool RabbitQueue::connected() const {
  const concurrency::MutexLock lock(mutex_);
  return outbox_.takes_purchases();
}

bool RabbitQueue::usable(LeaseId lease) const {
  const concurrency::MutexLock lock(mutex_);
  return shards_.usable(shard_of(lease));
}

std::size_t RabbitQueue::unusable_shards() const {
  const concurrency::MutexLock lock(mutex_);
  return shards_.unusable();
}

void RabbitQueue::run(const std::stop_token& stop) {
  pthread_setname_np(pthread_self(), "publisher");
  while (!stopping_) {
    try {
      const auto connection = dialer_.connect(stop);
      declare_queues(*connection);
      connection->select_confirms();
      connection->set_up();
      serve_connection(*connection);
      return;
    } catch (const BrokerError& error) {
      if (!stopping_ && std::exchange(last_problem_, error.what()) != error.what()) {
        telemetry::log_error("the order queue is away", "reason=\"{}\"", error.what());
      }
    }
    lose_connection();
    dialer_.skip();
    wake_.clear();
    if (!stopping_) wake_.wait(backoff_.next());
  }
}

/// Those that can be used: ShardQueues says why.
void RabbitQueue::declare_queues(Connection& connection) {
  declare_dead_letters(connection, options_);
  for (std::int32_t shard = 0; shard < kShards; ++shard) {
    {
      const concurrency::MutexLock lock(mutex_);
      if (!shards_.usable(shard)) continue;
    }
    try {
      declare_shard(connection, options_, shard);
    } catch (const BrokerError& error) {
      if (error.kind() == BrokerError::Kind::kTopology) note_refused(shard);
      throw;
    }
  }
  const concurrency::MutexLock lock(mutex_);
  shards_.all_declared();
}

void RabbitQueue::note_refused(std::int32_t shard) {
  const concurrency::MutexLock lock(mutex_);
  shards_.refused(shard, tick());
  try_now_.notify_all();
}

void RabbitQueue::note_declared(std::int32_t shard) {
  const concurrency::MutexLock lock(mutex_);
  shards_.declared(shard);
  if (std::exchange(asleep_, false)) wake_.set();  // markers of the shard may wait
}

/// On a thread of its own, because a broker that does not answer would keep the other shards
/// waiting for as long as the timeouts of a connection.
void RabbitQueue::try_unusable_shards(const std::stop_token& stop) {
  pthread_setname_np(pthread_self(), "queue-trier");
  while (!stopping_) {
    for (const std::int32_t shard : wait_for_shards_to_try()) try_shard(shard, stop);
  }
}

/// None: this thread is to stop, or to ask again.
std::vector<std::int32_t> RabbitQueue::wait_for_shards_to_try() {
  const concurrency::MutexLock lock(mutex_);
  try_now_.wait(mutex_, [this]() STAMPEDE_REQUIRES(mutex_) {
    return stopping_ || shards_.next_try().has_value();
  });
  if (stopping_) return {};
  const auto pause = std::chrono::ceil<std::chrono::milliseconds>(*shards_.next_try() - tick());
  if (pause.count() > 0) try_now_.wait_for(mutex_, pause, [this] { return stopping_.load(); });
  return stopping_ ? std::vector<std::int32_t>{} : shards_.due(tick());
}

/// Over a connection of its own, because a refusal would cost the one that the others use.
void RabbitQueue::try_shard(std::int32_t shard, const std::stop_token& stop) {
  std::string broker;
  {
    const concurrency::MutexLock lock(mutex_);
    broker = broker_;
  }
  if (broker.empty()) return note_refused(shard);
  try {
    Connection connection(options_, broker, "stampede publisher, trying a queue", stop);
    declare_shard(connection, options_, shard);
    note_declared(shard);
    telemetry::log_info("orders of a shard are published again", "shard={}", shard);
  } catch (const BrokerError&) {
    note_refused(shard);  // it was logged when the shard became unusable
  }
}

/// Until it is lost (throws) or the thread is to stop.
void RabbitQueue::serve_connection(Connection& connection) {
  {
    const concurrency::MutexLock lock(mutex_);
    outbox_.connected(++generation_);
    broker_ = connection.broker();
  }
  statistics_.connections.add();
  backoff_.reset();
  last_problem_.clear();
  telemetry::log_info("orders are published", "broker={} queues={}.orders.*", connection.broker(),
                      options_.name);
  while (!stopping_) {
    while (const auto event = connection.poll()) {
      std::visit([this](const auto& what) { handle(what); }, *event);
    }
    const Tick now = tick();
    restore_queues(connection, now);
    send_all(connection);
    tell();
    check_confirms(connection, now);
    connection.wait(wake_.file(), time_to_wait(now));
    wake_.clear();
  }
}

void RabbitQueue::send_all(Connection& connection) {
  while (connection.writable()) {
    std::optional<Outbox::Outgoing> outgoing;
    {
      const concurrency::MutexLock lock(mutex_);
      outgoing = outbox_.next(tick());
      asleep_ = !outgoing;  // whatever is accepted from now on must wake it
    }
    if (!outgoing) return;
    // This thread alone resolves batches, so the messages stay without the lock.
    connection.publish(queues_[static_cast<std::size_t>(outgoing->shard)],
                       encode(outgoing->messages), outgoing->tag);
    statistics_.messages.add();
    statistics_.purchases.add(static_cast<std::uint64_t>(std::ranges::count_if(
        outgoing->messages,
        [](const Message& message) { return std::holds_alternative<Purchase>(message); })));
  }
}

void RabbitQueue::handle(Acked acked) {
  const concurrency::MutexLock lock(mutex_);
  outbox_.acked(generation_, acked.tag, acked.multiple, tick());
}

void RabbitQueue::handle(Nacked nacked) {
  statistics_.nacks.add();
  const concurrency::MutexLock lock(mutex_);
  outbox_.nacked(generation_, nacked.tag, nacked.multiple, tick());
}

void RabbitQueue::handle(const Returned& returned) {
  statistics_.returns.add();
  const concurrency::MutexLock lock(mutex_);
  outbox_.returned(generation_, returned.tag);
  if (!shards_.returned()) return;
  telemetry::log_error("the broker returns orders: a queue is missing", "reason=\"{}\"",
                       returned.reason);
}

void RabbitQueue::handle(const Blocked& blocked) {
  telemetry::log_error("the broker takes no orders for now", "reason=\"{}\"", blocked.reason);
  const concurrency::MutexLock lock(mutex_);
  outbox_.set_blocked(true);
}

void RabbitQueue::handle(Unblocked) {
  telemetry::log_info("the broker takes orders again");
  const concurrency::MutexLock lock(mutex_);
  outbox_.set_blocked(false);
}

void RabbitQueue::restore_queues(Connection& connection, Tick now) {
  {
    const concurrency::MutexLock lock(mutex_);
    if (!shards_.restore(now)) return;
  }
  declare_queues(connection);
}

/// A link that was cut in silence, or a broker that is stuck, shows by what it does not say.
void RabbitQueue::check_confirms(const Connection& connection, Tick now) const {
  const concurrency::MutexLock lock(mutex_);
  if (!outbox_.overdue(now, options_.confirm_timeout)) return;
  throw BrokerError(BrokerError::Kind::kUnreachable,
                    "broker " + connection.broker() + ": no confirm for " +
                        std::to_string(options_.confirm_timeout.count()) + " ms");
}

/// Short enough for heartbeats, which poll() sends, and for the next try of what was not taken.
std::chrono::milliseconds RabbitQueue::time_to_wait(Tick now) const {
  using std::chrono::milliseconds;
  const concurrency::MutexLock lock(mutex_);
  auto wait = std::chrono::duration_cast<milliseconds>(options_.heartbeat) / 4;
  if (const auto next = outbox_.next_try()) {
    wait = std::min(wait, std::chrono::ceil<milliseconds>(std::max(*next - now, Tick::duration{})));
  }
  return wait;
}

void RabbitQueue::lose_connection() {
  {
    const concurrency::MutexLock lock(mutex_);
    outbox_.connection_lost(generation_);
    broker_.clear();
    asleep_ = false;
  }
  tell();
}

void RabbitQueue::tell() {
  concurrency::MutexLock lock(mutex_);
  const Outbox::Resolved resolved = outbox_.take_resolved();
  if (resolved.empty()) return;
  telling_ = true;
  lock.unlock();
  for (const auto time : resolved.confirm_times) {
    statistics_.confirm_time.observe(static_cast<std::uint64_t>(time.count()));
  }
  if (!resolved.queued.empty()) resolutions_.queued(resolved.queued);
  if (!resolved.refused.empty()) resolutions_.refused(resolved.refused);
  lock.lock();
  telling_ = false;
  told_.notify_all();
}

}  // namespace stampede::queue::rabbitmq
