#include "app/roles/serve.h"

#include <memory>
#include <optional>
#include <thread>

#include "app/config/data_dir.h"
#include "app/embedded/embedded_sale.h"
#include "app/fronts/console_front.h"
#include "app/fronts/shop_front.h"
#include "app/fronts/shop_metrics.h"
#include "app/fronts/webhooks.h"
#include "app/process/from_config.h"
#include "app/process/full_disk.h"
#include "app/process/listener_tls.h"
#include "app/process/role.h"
#include "captcha/captcha.h"
#include "consumers/order_consumer.h"
#include "controllers/shop/check_controller.h"
#include "http/server/server.h"
#include "queue/local/local_queue.h"
#include "repositories/sql/repositories.h"
#include "schedules/periodic.h"
#include "schedules/periods.h"
#include "services/orders/buyer_orders.h"
#include "telemetry/log.h"

namespace stampede::app {
namespace {

using std::chrono::milliseconds;

/// Purchases that may wait for a commit: half a second of full speed.
constexpr std::size_t kQueueCapacity = 65'536;
/// Between two steps of loading orders, which take as long: half of a core is the sale's.
constexpr milliseconds kLoadingPeriod{5};
/// Another process that holds the database longer counts as a database that is away: the queue
/// stalls and answers 503, and the consumer tries again.
constexpr milliseconds kBusyTimeout{1'000};

/// Everything of one running shop, in the order it is built; it goes in reverse. The listeners come
/// first, because requests that still wait when everything else goes are answered through them.
class Serve final : public Role {
 public:
  Serve(const Config& config, const ListenerTls& tls);

  Addresses start() override;
  /// True if every purchase that was taken is written.
  bool stop() override;

 private:
  void start_schedules();
  void open_listeners();
  void housekeeping();
  std::vector<controllers::OperationsController::WriteMetrics> metrics();
  services::live::Totals totals() const;

  const Config& config_;
  const ListenerTls& tls_;
  DataDirLock lock_;
  identity::KeyRing keys_;
  repositories::sql::Database database_;
  repositories::sql::Repositories repositories_;
  std::unique_ptr<repositories::Changes> changes_ = repositories_.changes();

  std::unique_ptr<http::Server> shop_;
  std::unique_ptr<ConsoleFront> console_;

  captcha::Tokens captcha_tokens_{keys_};
  queue::local::LocalQueue queue_{kQueueCapacity};
  services::accounts::Sessions sessions_{keys_};
  services::accounts::Devices devices_{keys_};
  services::accounts::Accounts accounts_{repositories_.accounts(), sessions_, devices_,
                                         account_options(config_)};
  services::catalog::Catalog catalog_{repositories_.catalog()};
  services::catalog::Pictures pictures_{repositories_.pictures()};
  services::orders::BuyerOrders orders_{repositories_.orders(), repositories_.order_events()};
  EmbeddedSale sale_;

  controllers::OriginRule origin_;
  controllers::CheckController check_{[this](const auto& attempt, const auto& wait) {
                                        return sale_.checkout().attempt(attempt, wait);
                                      },
                                      sessions_, origin_, keys_};
  ShopFront front_;
  http::Router shop_router_;

  std::optional<schedules::Periodic> reload_schedule_;
  std::optional<consumers::OrderConsumer> consumer_;
  std::optional<schedules::Periodic> loading_schedule_;  // gone once all orders are known
  std::optional<schedules::Periodic> housekeeping_schedule_;
  telemetry::Counter expired_;
  std::optional<schedules::Periodic> expiry_schedule_;
  Webhooks webhooks_;
};

Serve::Serve(const Config& config, const ListenerTls& tls)
    : config_(config),
      tls_(tls),
      lock_(config.data.dir),
      keys_(key_path(config.data.dir)),
      database_({.path = database_path(config.data.dir), .busy_timeout = kBusyTimeout}),
      repositories_(database_),
      sale_({.rules = purchase_rules(config),
             .captcha = captcha_tokens_,
             .keys = keys_,
             .sessions = sessions_,
             .catalog = catalog_,
             .queue = queue_,
             .storage = {.changes = *changes_,
                         .accounts = repositories_.accounts(),
                         .blacklist = repositories_.blacklist(),
                         .leases = repositories_.leases(),
                         .orders = repositories_.orders(),
                         .order_events = repositories_.order_events(),
                         .order_store = repositories_.order_store(),
                         .quarantine = repositories_.quarantine()},
             .show = [this](std::vector<Product> products) { front_.show(std::move(products)); },
             .want_reload = [this] { reload_schedule_->nudge(); }}),
      origin_(origin_rule(config)),
      front_(config,
             {.keys = keys_,
              .accounts = accounts_,
              .sessions = sessions_,
              .orders = orders_,
              .pictures = pictures_,
              .captcha = captcha_tokens_,
              .sales = {.of_product =
                            [this](ProductId product, Now now) {
                              return sale_.checkout().catalog().view(product, now);
                            },
                        .all = [this](Now now) { return sale_.checkout().catalog().views(now); }},
              .origin = origin_,
              .node_of = [](UserId) { return std::string{"local"}; }}),
      webhooks_(config, repositories_, [] { return true; }) {}

Role::Addresses Serve::start() {
  open_listeners();  // a taken port is told before anything is done
  sale_.start(read_clocks());
  start_schedules();
  shop_->start();
  console_->start();
  return {{"shop", shop_->url()}, {"console", console_->url()}};
}

void Serve::open_listeners() {
  check_.add_routes(shop_router_);
  front_.add_routes(shop_router_);
  shop_ = std::make_unique<http::Server>(public_listener(config_, tls_.shop()), shop_router_);
  console_ = std::make_unique<ConsoleFront>(
      console_listener(config_, tls_.console()),
      ConsoleFront::Services{.origin = config_.console.origin,
                             .keys = keys_,
                             .sessions = sessions_,
                             .storage = repositories_,
                             .catalog = catalog_,
                             .second_factor_required = config_.console.totp == "required",
                             .private_webhooks = private_webhooks(config_),
                             .totals = [this] { return totals(); },
                             .ready = [this] { return consumer_->healthy(); },
                             .metrics = metrics()});
}

void Serve::start_schedules() {
  reload_schedule_.emplace("reload", schedules::kReloadPeriod,
                           [this] { sale_.reload(read_clocks()); });
  consumer_.emplace(queue_, sale_.writer(), sale_.dead_letters(), sale_.listener(),
                    consumers::OrderConsumer::Options{});
  loading_schedule_.emplace("orders", kLoadingPeriod, [this] { sale_.load_orders(read_clocks()); });
  expiry_schedule_.emplace("holds", schedules::kExpiryPeriod, [this] {
    expired_.add(static_cast<std::uint64_t>(sale_.expire_holds()));
  });
  webhooks_.start();
  housekeeping_schedule_.emplace("housekeeping", schedules::kHousekeepingPeriod,
                                 [this] { housekeeping(); });
}

void Serve::housekeeping() {
  sale_.housekeep(read_clocks());
  if (loading_schedule_ && sale_.loading().complete) loading_schedule_.reset();
}

std::vector<controllers::OperationsController::WriteMetrics> Serve::metrics() {
  return {
      [this](telemetry::PrometheusText& text) { check_.write_metrics(text); },
      [this](telemetry::PrometheusText& text) { write_expiry_metrics(text, expired_); },
      [this](telemetry::PrometheusText& text) { webhooks_.write_metrics(text); },
      [this](telemetry::PrometheusText& text) { front_.write_metrics(text); },
      [this](telemetry::PrometheusText& text) {
        write_registration_metrics(text, accounts_);
        write_account_metrics(text, "stampede", accounts_);
      },
      [this](telemetry::PrometheusText& text) { write_checkout_metrics(text, sale_.checkout()); },
      [this](telemetry::PrometheusText& text) { write_loading_metrics(text, sale_.loading()); },
      [this](telemetry::PrometheusText& text) { write_queue_metrics(text, queue_); },
      [this](telemetry::PrometheusText& text) {
        write_consumer_metrics(text, std::array{&std::as_const(*consumer_)});
      },
      [this](telemetry::PrometheusText& text) {
        write_http_metrics(text, "shop", shop_->statistics());
      },
      [this](telemetry::PrometheusText& text) { tls_.write_metrics(text); },
  };
}

services::live::Totals Serve::totals() const {
  return {.sources = {{.id = {}, .counts = check_.counts()}},
          .queue_depth = static_cast<std::int64_t>(queue_.depth())};
}

bool Serve::stop() {
  std::jthread ending([this] { webhooks_.stop(); });  // takes its time, as the others do
  shop_->drain();  // the consumer still runs: whoever waits gets an answer
  console_->drain();
  housekeeping_schedule_->stop();
  expiry_schedule_->stop();
  loading_schedule_.reset();
  reload_schedule_->stop();
  sale_.checkout().catalog().stop_selling();
  queue_.shut();
  ending.join();
  const bool whole = consumer_->finish(time_to_finish());
  // Requests that wait are answered or dropped before what an answer uses is destroyed.
  consumer_.reset();
  accounts_.stop();
  front_.stop();
  console_->stop();
  console_.reset();
  shop_.reset();
  return whole;
}

}  // namespace

int run_serve(const Config& config) {
  const auto tls = std::make_shared<ListenerTls>(config);
  prepare_process(reload_at_hangup(tls));
  tls->warn_about_origin(config);
  prepare_data_dir(config.data.dir);
  for (;;) {
    try {
      Serve serve(config, *tls);
      return run_role(serve);
    } catch (const repositories::StorageError& error) {
      if (error.kind() != repositories::StorageError::Kind::kFull) throw;
      if (!refuse_until_room(config, *tls, error.what())) return 0;
    }
  }
}

}  // namespace stampede::app
