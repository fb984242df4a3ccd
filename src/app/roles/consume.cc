#include <algorithm>
#include <chrono>
#include <memory>
#include <vector>

#include "app/config/data_dir.h"
#include "app/fronts/shop_metrics.h"
#include "app/process/from_config.h"
#include "app/process/private_console.h"
#include "app/process/role.h"
#include "app/roles/cluster.h"
#include "consumers/order_consumer.h"
#include "queue/rabbitmq/rabbit_source.h"
#include "queue/rabbitmq/topology.h"
#include "queue/shards.h"
#include "repositories/sql/orders/queue_shards.h"
#include "repositories/sql/repositories.h"

namespace stampede::app {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

/// One queue shard, with a database connection of its own to write by.
struct ShardConsumer {
  ShardConsumer(const Config& config, std::int32_t shard)
      : database(open_consumer_database(config)),
        repositories(*database),
        source(broker_options(config), shard),
        consumer(source, services::orders::OrderWriter(repositories.order_store(), shard),
                 {.shard = shard, .quarantine = &repositories.quarantine()}, {}, {}) {}
  ~ShardConsumer() { source.shut(); }
  ShardConsumer(const ShardConsumer&) = delete;
  ShardConsumer& operator=(const ShardConsumer&) = delete;

  std::unique_ptr<repositories::sql::Database> database;
  repositories::sql::Repositories repositories;
  queue::rabbitmq::RabbitSource source;
  consumers::OrderConsumer consumer;
};

/// The order consumer, for every shard. Of several such processes the broker lets one consume each
/// shard; the others stand by.
class Consume final : public Role {
 public:
  explicit Consume(const Config& config);

  Addresses start() override;
  bool stop() override;

 private:
  bool healthy() const;

  const Config& config_;
  std::unique_ptr<PrivateConsole> console_;
  std::vector<std::unique_ptr<ShardConsumer>> shards_;
};

Consume::Consume(const Config& config) : config_(config) {
  repositories::sql::ensure_shards(*open_cluster_database(config, 1), queue::kShards);
}

Role::Addresses Consume::start() {
  console_ = std::make_unique<PrivateConsole>(
      config_.http.console, [this] { return healthy(); },
      std::vector<controllers::OperationsController::WriteMetrics>{
          [this](telemetry::PrometheusText& text) {
            std::vector<const consumers::OrderConsumer*> consumers;
            std::vector<const queue::rabbitmq::RabbitSource*> sources;
            for (const auto& shard : shards_) {
              consumers.push_back(&shard->consumer);
              sources.push_back(&shard->source);
            }
            write_consumer_metrics(text, consumers);
            write_source_metrics(text, sources);
          }});
  for (std::int32_t shard = 0; shard < queue::kShards; ++shard) {
    shards_.push_back(std::make_unique<ShardConsumer>(config_, shard));
  }
  console_->start();
  return {{"console", console_->url()}};
}

bool Consume::healthy() const {
  return std::ranges::all_of(shards_, [](const auto& shard) {
    return shard->consumer.healthy() && shard->source.connected();
  });
}

/// What is not written stays at the broker.
bool Consume::stop() {
  console_->drain();
  for (const auto& shard : shards_) shard->source.shut();
  const auto deadline = std::chrono::steady_clock::now() + time_to_finish();
  for (const auto& shard : shards_) {
    const auto left = deadline - std::chrono::steady_clock::now();
    shard->consumer.finish(std::max(0ms, std::chrono::duration_cast<milliseconds>(left)));
  }
  console_.reset();
  shards_.clear();
  return true;
}

}  // namespace

int run_consume(const Config& config) {
  prepare_process();
  queue::rabbitmq::check_broker(broker_options(config));
  return run_with_database(config, [&] { return std::make_unique<Consume>(config); });
}

}  // namespace stampede::app
