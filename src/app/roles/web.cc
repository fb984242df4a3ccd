#include <memory>
#include <optional>
#include <thread>

#include "app/config/data_dir.h"
#include "app/fronts/shop_front.h"
#include "app/fronts/shop_metrics.h"
#include "app/process/from_config.h"
#include "app/process/listener_tls.h"
#include "app/process/private_console.h"
#include "app/process/role.h"
#include "app/roles/cluster.h"
#include "repositories/sql/repositories.h"
#include "schedules/periodic.h"
#include "schedules/periods.h"
#include "schedules/reload.h"
#include "services/routing/route_table.h"

namespace stampede::app {
namespace {

constexpr std::size_t kWebReaders = 4;

/// Shop pages, accounts, captchas and orders; it sells nothing itself.
class Web final : public Role {
 public:
  Web(const Config& config, const ListenerTls& tls);

  Addresses start() override;
  bool stop() override;

 private:
  schedules::Reload::Parts reload_parts();
  void review_stock(Now now);
  void load_ring();

  const Config& config_;
  const ListenerTls& tls_;
  identity::KeyRing keys_;
  std::unique_ptr<repositories::sql::Database> database_;
  repositories::sql::Repositories repositories_;
  std::unique_ptr<repositories::Changes> changes_ = repositories_.changes();

  std::unique_ptr<http::Server> shop_;
  std::unique_ptr<PrivateConsole> console_;

  captcha::Tokens captcha_tokens_{keys_};
  services::accounts::Sessions sessions_{keys_};
  services::accounts::Devices devices_{keys_};
  services::accounts::Accounts accounts_{repositories_.accounts(), sessions_, devices_,
                                         account_options(config_)};
  services::catalog::Catalog catalog_{repositories_.catalog()};
  services::catalog::Pictures pictures_{repositories_.pictures()};
  services::orders::BuyerOrders orders_{repositories_.orders(), repositories_.order_events()};
  services::purchase::SaleCatalog sales_;
  services::routing::RouteTable routes_;
  // Of routes_; the reload's own. A failover may give an epoch again, with another nonce.
  std::int64_t ring_epoch_ = -1;
  std::string ring_nonce_;

  controllers::OriginRule origin_;
  ShopFront front_;
  http::Router router_;

  schedules::Reload reload_;
  std::atomic<bool> healthy_{false};
  std::optional<schedules::Periodic> reload_schedule_;
};

Web::Web(const Config& config, const ListenerTls& tls)
    : config_(config),
      tls_(tls),
      keys_(key_path(config.data.dir)),
      database_(open_cluster_database(config, kWebReaders)),
      repositories_(*database_),
      origin_(origin_rule(config)),
      front_(config, {.keys = keys_,
                      .accounts = accounts_,
                      .sessions = sessions_,
                      .orders = orders_,
                      .pictures = pictures_,
                      .captcha = captcha_tokens_,
                      .sales = {.of_product = [this](ProductId product,
                                                     Now now) { return sales_.view(product, now); },
                                .all = [this](Now now) { return sales_.views(now); }},
                      .origin = origin_,
                      .node_of =
                          [this](UserId buyer) {
                            const auto ring = routes_.ring();
                            const Member* owner = ring->owner(buyer);
                            return owner != nullptr ? owner->node : std::string{};
                          }}),
      reload_(reload_parts()) {}

schedules::Reload::Parts Web::reload_parts() {
  return {.changes = *changes_,
          .accounts = repositories_.accounts(),
          .keys = keys_,
          .catalog = catalog_,
          .sessions = sessions_,
          .bans = std::nullopt,  // validators refuse them
          .catalog_changed =
              [this](const std::vector<Sale>& sales, std::vector<Product> products) {
                sales_.load(sales);
                front_.show(std::move(products));
              },
          .review_stock = [this](Now now) { review_stock(now); }};
}

void Web::review_stock(Now now) {
  for (const auto& position : repositories_.leases().stock(now.wall)) {
    sales_.note_position(position, now);
  }
  load_ring();
}

/// For the cookie `node`: a proxy that follows it saves a forward.
void Web::load_ring() {
  const auto state = repositories_.members().ring();
  if (state.epoch == ring_epoch_ && state.nonce == ring_nonce_) return;
  using services::routing::Ring;
  auto ring = Ring::parse(state.epoch, state.hash_key, state.members, state.virtual_nodes);
  if (!ring) throw std::runtime_error("the database's ring has no hash key of 32 hex digits");
  routes_.load(std::make_shared<const Ring>(*std::move(ring)));
  ring_epoch_ = state.epoch;
  ring_nonce_ = state.nonce;
}

Role::Addresses Web::start() {
  front_.add_routes(router_);
  shop_ = std::make_unique<http::Server>(public_listener(config_, tls_.shop()), router_);
  console_ = std::make_unique<PrivateConsole>(
      config_.http.console, [this] { return healthy_.load(); },
      std::vector<controllers::OperationsController::WriteMetrics>{
          [this](telemetry::PrometheusText& text) { front_.write_metrics(text); },
          [this](telemetry::PrometheusText& text) {
            write_registration_metrics(text, accounts_);
            write_account_metrics(text, "stampede", accounts_);
          },
          [this](telemetry::PrometheusText& text) {
            write_http_metrics(text, "shop", shop_->statistics());
            tls_.write_metrics(text);
          }});
  reload_.run(read_clocks());  // all is known before the first request
  healthy_ = true;
  reload_schedule_.emplace("reload", schedules::kReloadPeriod, [this] {
    healthy_ = false;
    reload_.run(read_clocks());
    healthy_ = true;
  });
  shop_->start();
  console_->start();
  return {{"shop", shop_->url()}, {"console", console_->url()}};
}

bool Web::stop() {
  shop_->drain();
  console_->drain();
  reload_schedule_->stop();
  accounts_.stop();
  front_.stop();
  console_.reset();
  shop_.reset();
  return true;
}

}  // namespace

int run_web(const Config& config) {
  const auto tls = std::make_shared<ListenerTls>(config);
  prepare_process(reload_at_hangup(tls));
  tls->warn_about_origin(config);
  return run_with_database(config, [&] { return std::make_unique<Web>(config, *tls); });
}

}  // namespace stampede::app
