#include <fmt/format.h>

#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "app/config/data_dir.h"
#include "app/fronts/console_front.h"
#include "app/fronts/shop_metrics.h"
#include "app/fronts/webhooks.h"
#include "app/process/from_config.h"
#include "app/process/listener_tls.h"
#include "app/process/role.h"
#include "app/roles/cluster.h"
#include "concurrency/mutex.h"
#include "peers/http/http_quantity_link.h"
#include "queue/rabbitmq/topology.h"
#include "repositories/sql/repositories.h"
#include "schedules/periodic.h"
#include "schedules/periods.h"
#include "schedules/reload.h"
#include "telemetry/log.h"

namespace stampede::app {
namespace {

constexpr std::chrono::milliseconds kLookPeriod{1'000};
/// Should a look take longer, the live view does not wait for it.
constexpr std::chrono::milliseconds kLongestLook{2'000};
constexpr std::size_t kAdminReaders = 4;

/// What the console knew at its last look.
struct ClusterView {
  std::optional<peers::ClusterReport> report;  // none: quantity control did not answer
  std::optional<queue::rabbitmq::Depths> depths;
  std::optional<std::int64_t> quarantined;  // none: the database did not answer
  std::vector<SalePosition> stock;
};

/// The operations console of a cluster, and the metrics that no other role has: of what it looks
/// at.
class Admin final : public Role {
 public:
  Admin(const Config& config, const ListenerTls& tls)
      : config_(config),
        tls_(tls),
        keys_(key_path(config.data.dir)),
        database_(open_cluster_database(config, kAdminReaders)),
        repositories_(*database_),
        quantity_(config.cluster.quantity, authenticator_) {}

  Addresses start() override;
  bool stop() override;

 private:
  void look();
  ClusterView view() const { return view_.copy(); }

  const Config& config_;
  const ListenerTls& tls_;
  identity::KeyRing keys_;
  std::unique_ptr<repositories::sql::Database> database_;
  repositories::sql::Repositories repositories_;
  std::unique_ptr<repositories::Changes> changes_ = repositories_.changes();
  services::accounts::Sessions sessions_{keys_};
  services::catalog::Catalog catalog_{repositories_.catalog()};
  peers::Authenticator authenticator_{keys_, "admin"};
  peers::HttpQuantityLink quantity_;
  std::unique_ptr<ConsoleFront> console_;
  concurrency::Guarded<ClusterView> view_;
  schedules::Reload reload_{{.changes = *changes_,
                             .accounts = repositories_.accounts(),
                             .keys = keys_,
                             .catalog = catalog_,
                             .sessions = sessions_,
                             .bans = std::nullopt,  // validators refuse them
                             .catalog_changed = [](const auto&, const auto&) {},
                             .review_stock = [](Now) {}}};
  std::optional<schedules::Periodic> look_schedule_;
  std::optional<schedules::Periodic> reload_schedule_;
};

void write_stock(telemetry::PrometheusText& text, const ClusterView& view) {
  text.family("stampede_stock_units", "gauge", "Units of a sale, by where they are.");
  for (const SalePosition& position : view.stock) {
    const auto line = [&](std::string_view where, std::int64_t units) {
      text.value("stampede_stock_units",
                 fmt::format("sale=\"{}\",where=\"{}\"", position.sale.id.value, where),
                 static_cast<double>(units));
    };
    line("unleased", position.sale.unleased);
    line("leased", position.leased);
    line("sold", position.sold);
  }
}

void write_queues(telemetry::PrometheusText& text, const ClusterView& view) {
  if (view.depths) {
    text.family("stampede_queue_depth", "gauge", "Messages waiting for the consumer.");
    for (std::size_t shard = 0; shard < view.depths->orders.size(); ++shard) {
      text.value("stampede_queue_depth", fmt::format("shard=\"{}\"", shard),
                 static_cast<double>(view.depths->orders[shard]));
    }
    text.family("stampede_dead_letters", "gauge", "Messages delivered too often.");
    text.value("stampede_dead_letters", "", static_cast<double>(view.depths->dead_letters));
  }
  if (view.quarantined) {
    text.family("stampede_quarantined_messages", "gauge",
                "Messages that nothing could be made of.");
    text.value("stampede_quarantined_messages", "", static_cast<double>(*view.quarantined));
  }
}

/// What each validator counts is in its own /metrics.
void write_roles(telemetry::PrometheusText& text, const ClusterView& view) {
  text.family("stampede_role_up", "gauge", "Whether a role answered the console's last look.");
  text.value("stampede_role_up", "role=\"quantity\"", view.report ? 1 : 0);
  text.value("stampede_role_up", "role=\"queue\"", view.depths ? 1 : 0);
  text.value("stampede_role_up", "role=\"database\"", view.quarantined ? 1 : 0);
  if (!view.report) return;
  text.family("stampede_ring_members", "gauge", "Validators in the ring.");
  text.value("stampede_ring_members", "", static_cast<double>(view.report->nodes.size()));
}

services::live::Totals totals_of(const ClusterView& view) {
  services::live::Totals totals;
  if (view.report) {
    for (const auto& [member, counts] : view.report->nodes) {
      totals.sources.push_back({.id = member.holder(), .counts = counts});
    }
  }
  if (view.depths) {
    const auto& shards = view.depths->orders;
    totals.queue_depth = std::accumulate(shards.begin(), shards.end(), std::int64_t{0});
  }
  return totals;
}

Role::Addresses Admin::start() {
  console_ = std::make_unique<ConsoleFront>(
      console_listener(config_, tls_.console()),
      ConsoleFront::Services{
          .origin = config_.console.origin,
          .keys = keys_,
          .sessions = sessions_,
          .storage = repositories_,
          .catalog = catalog_,
          .second_factor_required = config_.console.totp == "required",
          .private_webhooks = private_webhooks(config_),
          .totals = [this] { return totals_of(view()); },
          .live_period = kLongestLook,
          .ready =
              [this] {
                const ClusterView seen = view();
                return seen.report && seen.depths && seen.quarantined;
              },
          .metrics = {[this](telemetry::PrometheusText& text) { write_roles(text, view()); },
                      [this](telemetry::PrometheusText& text) { write_queues(text, view()); },
                      [this](telemetry::PrometheusText& text) { write_stock(text, view()); },
                      [this](telemetry::PrometheusText& text) { tls_.write_metrics(text); }}});
  reload_.run(read_clocks());  // ended sessions are known before the first request
  reload_schedule_.emplace("reload", schedules::kReloadPeriod,
                           [this] { reload_.run(read_clocks()); });
  console_->start();
  look_schedule_.emplace("look", kLookPeriod, [this] { look(); });
  return {{"console", console_->url()}};
}

/// Each part by itself: one that is away does not hide the others.
void Admin::look() {
  ClusterView seen;
  std::string problem;
  if (auto report = quantity_.report()) {
    seen.report = std::move(*report);
  } else {
    problem = report.error();
  }
  try {
    seen.depths = queue::rabbitmq::queue_depths(broker_options(config_));
  } catch (const queue::rabbitmq::BrokerError& error) {
    problem = error.what();
  }
  try {
    seen.stock = repositories_.leases().stock(read_clocks().wall);
    seen.quarantined = repositories_.quarantine().count();
  } catch (const repositories::StorageError& error) {
    problem = error.what();
  }
  view_.set(std::move(seen));
  console_->totals_changed();
  if (!problem.empty()) throw std::runtime_error(problem);
}

bool Admin::stop() {
  console_->drain();
  look_schedule_->stop();
  reload_schedule_->stop();
  console_->stop();
  console_.reset();
  return true;
}

}  // namespace

int run_admin(const Config& config) {
  const auto tls = std::make_shared<ListenerTls>(config);
  prepare_process(reload_at_hangup(tls));
  tls->warn_about_origin(config);
  return run_with_database(
      config, [&] { return std::make_unique<Admin>(config, *tls); }, tls->console());
}

}  // namespace stampede::app
