#include "queue/rabbitmq/rabbit_queue.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

#include "queue/codec.h"
#include "queue/rabbitmq/topology.h"
#include "telemetry/log.h"

namespace stampede::queue::rabbitmq {
namespace {

constexpr std::chrono::seconds kRestorePause{1};
/// Between two tries of queues that were unusable.
constexpr std::chrono::seconds kUnusablePause{1};

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
      dialer_(options_, "stampede publisher") {
  for (auto& usable : usable_) usable = true;
}

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

/// A shard whose queue is refused costs this connection; the next one leaves that shard out.
void RabbitQueue::declare_queues(Connection& connection) {
  declare_dead_letters(connection, options_);
  for (std::int32_t shard = 0; shard < kShards; ++shard) {
    if (!usable_[static_cast<std::size_t>(shard)]) continue;
    try {
      declare_shard(connection, options_, shard);
    } catch (const BrokerError& error) {
      if (error.kind() == BrokerError::Kind::kTopology) set_usable(shard, false);
      throw;
    }
  }
}

void RabbitQueue::set_usable(std::int32_t shard, bool usable) {
  const concurrency::MutexLock lock(mutex_);
  usable_[static_cast<std::size_t>(shard)] = usable;
  outbox_.set_usable(shard, usable);
  try_now_.notify_all();
  if (std::exchange(asleep_, false)) wake_.set();  // markers of the shard may wait
}

/// On a thread of its own, because a broker that does not answer would keep the other shards
/// waiting for as long as the timeouts of a connection.
void RabbitQueue::try_unusable_shards(const std::stop_token& stop) {
  pthread_setname_np(pthread_self(), "queue-trier");
  while (true) {
    std::string broker;
    {
      const concurrency::MutexLock lock(mutex_);
      try_now_.wait(mutex_, [this] { return stopping_ || unusable_shards() > 0; });
      if (try_now_.wait_for(mutex_, kUnusablePause, [this] { return stopping_.load(); })) return;
      broker = broker_;
    }
    for (std::int32_t shard = 0; shard < kShards && !broker.empty() && !stopping_; ++shard) {
      if (!usable_[static_cast<std::size_t>(shard)]) try_shard(shard, broker, stop);
    }
  }
}

/// Over a connection of its own, because a refusal would cost the one that the others use.
void RabbitQueue::try_shard(std::int32_t shard, const std::string& broker,
                            const std::stop_token& stop) {
  try {
    Connection connection(options_, broker, "stampede publisher, trying a queue", stop);
    declare_shard(connection, options_, shard);
    set_usable(shard, true);
    telemetry::log_info("orders of a shard are published again", "shard={}", shard);
  } catch (const BrokerError&) {
    // It was logged when the shard became unusable.
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
  connected_ = true;
  backoff_.reset();
  last_problem_.clear();
  queue_missing_ = false;
  telemetry::log_info("orders are published", "broker={} queues={}.orders.*", connection.broker(),
                      options_.name);
  while (!stopping_) {
    while (const auto event = connection.poll()) {
      std::visit([this](const auto& what) { handle(what); }, *event);
    }
    const Tick now = tick();
    if (queue_missing_) restore_queues(connection, now);
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
  if (!std::exchange(queue_missing_, true)) {
    telemetry::log_error("the broker returns orders: a queue is missing", "reason=\"{}\"",
                         returned.reason);
  }
  const concurrency::MutexLock lock(mutex_);
  outbox_.returned(generation_, returned.tag);
}

void RabbitQueue::handle(const Blocked& blocked) {
  telemetry::log_error("the broker takes no orders for now", "reason=\"{}\"", blocked.reason);
  const concurrency::MutexLock lock(mutex_);
  outbox_.blocked(true);
  blocked_ = true;
}

void RabbitQueue::handle(Unblocked) {
  telemetry::log_info("the broker takes orders again");
  const concurrency::MutexLock lock(mutex_);
  outbox_.blocked(false);
  blocked_ = false;
}

void RabbitQueue::restore_queues(Connection& connection, Tick now) {
  if (now < restore_at_) return;
  restore_at_ = now + kRestorePause;
  declare_queues(connection);
  queue_missing_ = false;
}

/// A link that was cut in silence, or a broker that is stuck, shows by what it does not say.
void RabbitQueue::check_confirms(const Connection& connection, Tick now) const {
  if (blocked_) return;
  const concurrency::MutexLock lock(mutex_);
  const auto oldest = outbox_.oldest_sent();
  if (!oldest || now - *oldest < options_.confirm_timeout) return;
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
  connected_ = false;
  blocked_ = false;
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
