#include <atomic>
#include <memory>
#include <optional>

#include "app/config/data_dir.h"
#include "app/roles/cluster.h"
#include "app/roles/from_config.h"
#include "app/roles/private_console.h"
#include "app/roles/role.h"
#include "app/roles/shop_metrics.h"
#include "controllers/peers_controller.h"
#include "queue/rabbitmq/rabbit_queue.h"
#include "queue/rabbitmq/topology.h"
#include "queue/shards.h"
#include "repositories/sql/queue_shards.h"
#include "repositories/sql/repositories.h"
#include "schedules/periodic.h"
#include "services/leasing/quantity_control.h"
#include "telemetry/log.h"

namespace stampede::app {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kReviewPeriod{250};
constexpr milliseconds kFinishPatience{5'000};
constexpr std::size_t kReaders = 2;
/// A heartbeat names every lease and every automatic blacklist entry.
constexpr std::size_t kBodyBytes = 8UL * 1024 * 1024;

/// Quantity control: grants leases, keeps the ring's members, spreads what changed.
class Quantity final : public Role {
 public:
  explicit Quantity(const Config& config);

  Addresses start() override;
  bool stop() override;

 private:
  void review();

  const Config& config_;
  identity::KeyRing keys_;
  std::unique_ptr<repositories::sql::Database> database_;
  repositories::sql::Repositories repositories_;
  std::unique_ptr<repositories::Changes> changes_ = repositories_.changes();
  http::Router router_;
  std::unique_ptr<http::Server> door_;
  std::unique_ptr<PrivateConsole> console_;

  queue::rabbitmq::RabbitQueue markers_;
  services::leasing::QuantityControl control_;
  peers::Authenticator authenticator_{keys_, "quantity"};
  concurrency::WorkerPool pool_{{.name = "peers", .threads = 2, .queue = 1024}};
  controllers::PeersController controller_{{control_, pool_, authenticator_}};
  std::atomic<bool> healthy_{false};
  std::optional<schedules::Periodic> review_schedule_;
};

http::ListenerOptions internal_listener(const Config& config) {
  http::ListenerOptions options{.address = config.cluster.quantity, .threads = 1};
  options.limits.body_bytes = kBodyBytes;
  options.limits.drain_time = kDrainTime;
  return options;
}

Quantity::Quantity(const Config& config)
    : config_(config),
      keys_(key_path(config.data.dir)),
      database_(open_cluster_database(config, kReaders)),
      repositories_(*database_),
      door_(std::make_unique<http::Server>(internal_listener(config), router_)),
      markers_(broker_options(config), {.queued = [](auto) {}, .refused = [](auto) {}}),
      control_({.leases = repositories_.leases(),
                .members = repositories_.members(),
                .orders = repositories_.orders(),
                .catalog = repositories_.catalog(),
                .blacklist = repositories_.blacklist(),
                .accounts = repositories_.accounts(),
                .changes = *changes_,
                .markers = markers_},
               {}) {
  repositories::sql::ensure_shards(*database_, queue::kShards);
}

Role::Addresses Quantity::start() {
  controller_.add_routes(router_);
  console_ = std::make_unique<PrivateConsole>(
      config_.http.console, [this] { return healthy_ && markers_.connected(); },
      std::vector<controllers::OperationsController::WriteMetrics>{
          [this](telemetry::PrometheusText& text) { write_publisher_metrics(text, markers_); },
          [this](telemetry::PrometheusText& text) {
            write_http_metrics(text, door_->statistics());
          }});
  review_schedule_.emplace("review", kReviewPeriod, [this] { review(); });
  door_->start();
  console_->start();
  return {{"internal", door_->url()}, {"console", console_->url()}};
}

void Quantity::review() {
  healthy_ = false;
  control_.review(read_clocks());
  healthy_ = true;
  if (keys_.reload()) telemetry::log_info("keys reloaded");
}

bool Quantity::stop() {
  review_schedule_->stop();  // first: the next one may have begun
  door_->drain();
  console_->drain();
  pool_.stop();
  // Markers that were not confirmed are sent by the next quantity control: the leases are open.
  if (!markers_.finish(kFinishPatience)) {
    telemetry::log_warning("close markers were not confirmed", "waiting={}", markers_.unresolved());
  }
  console_.reset();
  door_.reset();
  return true;
}

}  // namespace

int run_quantity(const Config& config) {
  prepare_process();
  queue::rabbitmq::check_broker(broker_options(config));
  return run_with_database(config, [&] { return std::make_unique<Quantity>(config); });
}

}  // namespace stampede::app
