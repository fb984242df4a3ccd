#include <fmt/format.h>

#include <atomic>
#include <memory>
#include <optional>
#include <thread>

#include "app/config/data_dir.h"
#include "app/fronts/shop_metrics.h"
#include "app/fronts/webhooks.h"
#include "app/process/from_config.h"
#include "app/process/private_console.h"
#include "app/process/role.h"
#include "app/roles/cluster.h"
#include "controllers/cluster/peers_controller.h"
#include "queue/rabbitmq/rabbit_queue.h"
#include "queue/rabbitmq/topology.h"
#include "queue/shards.h"
#include "repositories/sql/orders/queue_shards.h"
#include "repositories/sql/repositories.h"
#include "schedules/periodic.h"
#include "schedules/periods.h"
#include "services/leasing/quantity_control.h"
#include "services/orders/hold_expiry.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace stampede::app {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kQuantityReaders = 2;
/// A heartbeat names every lease and every automatic blacklist entry.
constexpr std::size_t kBodyBytes = 8UL * 1024 * 1024;

/// Five databases are one, by connections that do not wait for each other: a grant may wait for a
/// sale's row, and must not keep this process from renewing its lead, or from answering heartbeats.
struct Databases {
  explicit Databases(const Config& config) {
    // The connection that makes the schema waits longer, because migrations take time.
    repositories::sql::ensure_shards(*open_cluster_database(config, 1), queue::kShards);
    work = open_impatient_database(config, kQuantityReaders);
    grants = open_impatient_database(config, 1);
    expiries = open_impatient_database(config, 1);
    webhooks = open_impatient_database(config, 1);
    leadership = open_impatient_database(config, kQuantityReaders);
  }

  std::unique_ptr<repositories::sql::Database> work;
  std::unique_ptr<repositories::sql::Database> grants;
  std::unique_ptr<repositories::sql::Database> expiries;
  std::unique_ptr<repositories::sql::Database> webhooks;
  std::unique_ptr<repositories::sql::Database> leadership;
};

/// Quantity control: grants leases, keeps the ring's members, spreads what changed. One of several
/// such processes leads; the others stand by.
class Quantity final : public Role {
 public:
  explicit Quantity(const Config& config);

  Addresses start() override;
  bool stop() override;

 private:
  void lead();
  void review();
  void expire_holds();
  bool leads() const { return control_.leads(read_clocks().tick); }
  void write_leader_metrics(telemetry::PrometheusText& text) const;

  const Config& config_;
  identity::KeyRing keys_;
  Databases databases_;
  repositories::sql::Repositories repositories_{*databases_.work};
  repositories::sql::Repositories grants_{*databases_.grants};
  repositories::sql::Repositories expiries_{*databases_.expiries};
  repositories::sql::Repositories deliveries_{*databases_.webhooks};
  repositories::sql::Repositories leadership_{*databases_.leadership};
  std::unique_ptr<repositories::Changes> changes_ = repositories_.changes();
  http::Router router_;
  std::unique_ptr<http::Server> server_;
  std::unique_ptr<PrivateConsole> console_;

  queue::rabbitmq::RabbitQueue markers_;
  services::leasing::QuantityControl control_;
  peers::Authenticator authenticator_{keys_, "quantity"};
  concurrency::WorkerPool pool_{{.name = "peers", .threads = 2, .queue = 1024}};
  concurrency::WorkerPool grant_pool_{{.name = "grants", .threads = 2, .queue = 64}};
  controllers::PeersController controller_{{control_, pool_, grant_pool_, authenticator_}};
  std::atomic<bool> leading_works_{false};  // the last try to lead or to stand by succeeded
  std::atomic<bool> review_works_{false};
  std::optional<schedules::Periodic> lead_schedule_;
  std::optional<schedules::Periodic> review_schedule_;

  services::orders::HoldExpiry expiry_{expiries_.order_events()};
  telemetry::Counter expired_;
  std::optional<schedules::Periodic> expiry_schedule_;
  Webhooks webhooks_;
};

/// Names this process among those of quantity control, for the database and for operators.
std::string holder_of(const Config& config) {
  return fmt::format("{}/{}", config.http.listen, draw_incarnation());
}

http::ListenerOptions internal_listener(const Config& config) {
  http::ListenerOptions options{.address = config.http.listen, .threads = 1};
  options.limits.body_bytes = kBodyBytes;
  options.limits.drain_time = kDrainTime;
  return options;
}

Quantity::Quantity(const Config& config)
    : config_(config),
      keys_(key_path(config.data.dir)),
      databases_(config),
      server_(std::make_unique<http::Server>(internal_listener(config), router_)),
      markers_(broker_options(config), {.queued = [](auto) {}, .refused = [](auto) {}}),
      control_({.holder = holder_of(config),
                .virtual_nodes = config.cluster.virtual_nodes,
                .leadership = leadership_.leadership(),
                .leases = repositories_.leases(),
                .grants = grants_.leases(),
                .members = repositories_.members(),
                .orders = repositories_.orders(),
                .catalog = repositories_.catalog(),
                .blacklist = repositories_.blacklist(),
                .accounts = repositories_.accounts(),
                .changes = *changes_,
                .markers = markers_,
                .can_mark = [this] { return markers_.connected(); }},
               {}),
      webhooks_(config, deliveries_, [this] { return leads(); }) {}

Role::Addresses Quantity::start() {
  controller_.add_routes(router_);
  console_ = std::make_unique<PrivateConsole>(
      config_.http.console,
      [this] { return leading_works_ && review_works_ && markers_.connected(); },
      std::vector<controllers::OperationsController::WriteMetrics>{
          [this](telemetry::PrometheusText& text) { write_leader_metrics(text); },
          [this](telemetry::PrometheusText& text) { write_publisher_metrics(text, markers_); },
          [this](telemetry::PrometheusText& text) {
            write_http_metrics(text, "quantity", server_->statistics());
          }},
      [this] { return std::string(leads() ? "leader" : "standby"); });
  lead_schedule_.emplace("lead", schedules::kLeadPeriod, [this] { lead(); });
  review_schedule_.emplace("review", schedules::kReviewPeriod, [this] { review(); });
  expiry_schedule_.emplace("holds", schedules::kExpiryPeriod, [this] { expire_holds(); });
  webhooks_.start();
  server_->start();
  console_->start();
  return {{"internal", server_->url()}, {"console", console_->url()}};
}

void Quantity::lead() {
  leading_works_ = false;
  const std::int64_t before = control_.leader_epoch();
  if (control_.lead(read_clocks())) control_.recover(read_clocks());
  if (control_.leader_epoch() != before) {
    telemetry::log_info("quantity control leads", "epoch={}", control_.leader_epoch());
  }
  leading_works_ = true;
}

void Quantity::review() {
  review_works_ = false;
  control_.review(read_clocks());
  review_works_ = true;
  if (keys_.reload()) telemetry::log_info("keys reloaded");
}

/// Another leader may do it at the same time.
void Quantity::expire_holds() {
  if (leads()) expired_.add(static_cast<std::uint64_t>(expiry_.step()));
}

void Quantity::write_leader_metrics(telemetry::PrometheusText& text) const {
  text.family("stampede_quantity_leads", "gauge", "1: this process leads; 0: it stands by.");
  text.value("stampede_quantity_leads", "", leads() ? 1 : 0);
  text.family("stampede_quantity_leader_epoch", "gauge",
              "Of this process's last term as the leader; 0: it has not led.");
  text.value("stampede_quantity_leader_epoch", "", static_cast<double>(control_.leader_epoch()));
  text.family("stampede_quantity_left_out_total", "counter",
              "Parts of heartbeat replies that were left out because the database failed.");
  text.value("stampede_quantity_left_out_total", "", static_cast<double>(control_.left_out()));
  write_expiry_metrics(text, expired_);
  webhooks_.write_metrics(text);
}

bool Quantity::stop() {
  lead_schedule_->stop();
  review_schedule_->stop();
  expiry_schedule_->stop();
  webhooks_.stop_schedule();  // or it would find that this process leads no more, and rest
  try {
    control_.resign();  // the next one leads at once
  } catch (const repositories::StorageError& error) {
    telemetry::log_warning("the lead runs out by itself", "reason=\"{}\"", error.what());
  }
  {
    const std::jthread ending([this] { webhooks_.stop(); });  // takes its time, as the others do
    server_->drain();
    console_->drain();
  }
  grant_pool_.stop();
  pool_.stop();
  // Markers that were not confirmed are sent by the next quantity control: the leases are open.
  if (!markers_.finish(time_to_finish())) {
    telemetry::log_warning("close markers were not confirmed", "waiting={}", markers_.unresolved());
  }
  console_.reset();
  server_.reset();
  return true;
}

}  // namespace

int run_quantity(const Config& config) {
  prepare_process();
  queue::rabbitmq::check_broker(broker_options(config));
  return run_with_database(config, [&] { return std::make_unique<Quantity>(config); });
}

}  // namespace stampede::app
