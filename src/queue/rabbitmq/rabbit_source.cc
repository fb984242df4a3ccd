#include "queue/rabbitmq/rabbit_source.h"

#include <pthread.h>

#include <utility>

#include "queue/rabbitmq/topology.h"
#include "telemetry/log.h"

namespace stampede::queue::rabbitmq {

RabbitSource::RabbitSource(Options options, std::int32_t shard)
    : options_(std::move(options)),
      shard_(shard),
      dialer_(options_, "stampede consumer of shard " + std::to_string(shard)) {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

RabbitSource::~RabbitSource() {
  stopping_ = true;
  thread_.request_stop();
  wake_.set();
}

bool RabbitSource::receive(std::vector<Message>& batch, std::size_t most) {
  batch.clear();
  const concurrency::MutexLock lock(mutex_);
  arrived_.wait(mutex_, [this]() STAMPEDE_REQUIRES(mutex_) { return shut_ || !inbox_.empty(); });
  if (shut_) return false;
  inbox_.hand_out(batch, unreadable_, most);
  return true;
}

void RabbitSource::acknowledge() {
  unreadable_.clear();
  const concurrency::MutexLock lock(mutex_);
  inbox_.done();
  wake_.set();
}

void RabbitSource::shut() {
  const concurrency::MutexLock lock(mutex_);
  shut_ = true;
  arrived_.notify_all();
}

void RabbitSource::run(const std::stop_token& stop) {
  pthread_setname_np(pthread_self(), "source");
  while (!stopping_) {
    try {
      const auto connection = dialer_.connect(stop);
      // Its own queue only: one that is unusable does not stop the consumers of the others.
      declare_dead_letters(*connection, options_);
      declare_shard(*connection, options_, shard_);
      connection->consume(order_queue(options_, shard_), kPrefetch);
      connection->set_up();
      serve_connection(*connection);
      return;
    } catch (const BrokerError& error) {
      if (!stopping_ && std::exchange(last_problem_, error.what()) != error.what()) {
        telemetry::log_error("orders do not arrive", "shard={} reason=\"{}\"", shard_,
                             error.what());
      }
    }
    lose_connection();
    dialer_.skip();
    wake_.clear();
    if (!stopping_) wake_.wait(backoff_.next());
  }
}

/// Until it is lost (throws) or the thread is to stop.
void RabbitSource::serve_connection(Connection& connection) {
  statistics_.connections.add();
  connected_ = true;
  backoff_.reset();
  last_problem_.clear();
  telemetry::log_info("orders arrive", "shard={} broker={}", shard_, connection.broker());
  while (!stopping_) {
    while (auto event = connection.poll()) {
      if (auto* delivered = std::get_if<Delivered>(&*event)) take(std::move(*delivered));
    }
    acknowledge_done(connection);
    connection.wait(wake_.file(),
                    std::chrono::duration_cast<std::chrono::milliseconds>(options_.heartbeat) / 4);
    wake_.clear();
  }
  acknowledge_done(connection);
}

void RabbitSource::take(Delivered delivered) {
  auto delivery = Inbox::read(shard_, delivered.tag, std::move(delivered.body));
  statistics_.deliveries.add();
  if (delivered.redelivered) statistics_.redelivered.add();
  statistics_.messages.add(delivery.messages.size());
  const concurrency::MutexLock lock(mutex_);
  inbox_.add(std::move(delivery));
  arrived_.notify_one();
}

void RabbitSource::acknowledge_done(Connection& connection) {
  std::uint64_t tag = 0;
  {
    const concurrency::MutexLock lock(mutex_);
    tag = inbox_.take_done();
  }
  if (tag != 0) connection.acknowledge(tag);
}

void RabbitSource::lose_connection() {
  connected_ = false;
  const concurrency::MutexLock lock(mutex_);
  inbox_.connection_lost();
}

}  // namespace stampede::queue::rabbitmq
