#include "app/fronts/console_front.h"

#include <utility>

#include "app/fronts/asset_files.h"
#include "app/fronts/shop_metrics.h"
#include "pictures/apart/render_apart.h"
#include "views/assets.h"

namespace stampede::app {

ConsoleFront::ConsoleFront(http::ListenerOptions listener, Services services)
    : live_period_(services.live_period),
      devices_(services.keys),
      second_factor_(services.storage.second_factors(), services.keys),
      accounts_(services.storage.accounts(), services.sessions, devices_,
                {.queue = {.in_all = 16, .per_path = 2},
                 .ipv6_prefix = listener.limits.ipv6_prefix,
                 .site = services::accounts::Sessions::Site::kConsole,
                 .second_factor = &second_factor_}),
      api_access_(services.storage.api_tokens()),
      journal_(services.storage.audit_log(), services.storage.accounts()),
      buyers_({services.storage.accounts(), services.storage.blacklist(),
               services.storage.buyer_search()}),
      catalog_operations_(services.storage.catalog(), services.storage.pictures(), journal_,
                          pictures::render_apart),
      user_operations_({services.storage.accounts(), services.storage.blacklist(),
                        services.storage.buyer_search()},
                       journal_),
      operator_operations_(services.storage.accounts(), services.storage.second_factors(),
                           journal_),
      order_operations_(services.storage.order_events(), journal_),
      webhook_operations_({services.storage.webhooks(), services.storage.order_history()}, journal_,
                          services.private_webhooks),
      archive_(services.storage.order_search()),
      sampler_({services.storage.units(), services.storage.samples(), std::move(services.totals)}),
      pictures_(services.storage.pictures()),
      overview_(services.storage.catalog(), services.storage.units()),
      files_(asset_files()),
      pages_(views::asset_url),
      forms_(services.keys),
      origin_(services.origin.empty() ? std::nullopt : std::optional(services.origin)),
      hosts_(services.origin, listener.address),
      pool_({.name = "console", .threads = 2, .queue = 256, .niceness = listener.niceness}),
      api_pool_({.name = "api", .threads = 1, .queue = 64, .niceness = listener.niceness}),
      guard_({.sessions = services.sessions,
              .forms = forms_,
              .origin = origin_,
              .pages = pages_,
              .pool = pool_,
              .second_factor_required = services.second_factor_required}),
      api_guard_({.access = api_access_, .pool = api_pool_}),
      filter_({guard_, hosts_}),
      operations_(std::move(services.ready), with_own(std::move(services.metrics))),
      login_(
          {accounts_, services.sessions, forms_, origin_, pages_, services.second_factor_required}),
      order_search_({archive_, order_operations_, journal_, orders_pages_, pages_}),
      export_({archive_, pages_}),
      buyers_controller_({buyers_, services.sessions, archive_, user_operations_,
                          operator_operations_, journal_, buyers_pages_, pages_}),
      audit_log_({journal_, audit_pages_, pages_}),
      live_({.guard = guard_,
             .sampler = sampler_,
             .product_name =
                 [&catalog = services.catalog](ProductId id) {
                   const auto product = catalog.product(id);
                   return product ? product->name : std::string{};
                 },
             .messages = pages_,
             .pages = live_pages_}),
      products_({services.catalog, pictures_, overview_, catalog_operations_, journal_, pages_,
                 catalog_pages_}),
      sales_({services.catalog, overview_, catalog_operations_, journal_, pages_, catalog_pages_}),
      second_factors_({buyers_, second_factor_, operator_operations_, journal_, pages_,
                       services.second_factor_required}),
      orders_api_({.archive = archive_, .operations = order_operations_}),
      webhooks_api_(webhook_operations_) {
  add_routes();
  server_ = std::make_unique<http::Server>(std::move(listener), router_);
}

std::vector<controllers::OperationsController::WriteMetrics> ConsoleFront::with_own(
    std::vector<controllers::OperationsController::WriteMetrics> metrics) const {
  metrics.emplace_back([this](telemetry::PrometheusText& text) {
    write_account_metrics(text, "stampede_console", accounts_);
    live_.write_metrics(text);
    export_.write_metrics(text);
  });
  return metrics;
}

void ConsoleFront::add_routes() {
  controllers::refuse_doubled_of_console(router_);
  filter_.watch(router_);
  operations_.add_routes(router_);
  files_.mount(router_);
  login_.add_routes(router_);
  guard_.get(router_, "/", [](const http::Request&, const auto&, Now) {
    http::Response response = http::see_other("/sales");
    response.with("Cache-Control", "no-store");
    return response;
  });
  order_search_.add_routes(router_, guard_);
  export_.add_routes(router_, guard_);
  buyers_controller_.add_routes(router_, guard_);
  audit_log_.add_routes(router_, guard_);
  live_.add_routes(router_);
  products_.add_routes(router_, guard_);
  sales_.add_routes(router_, guard_);
  second_factors_.add_routes(router_, guard_);
  orders_api_.add_routes(router_, api_guard_);
  webhooks_api_.add_routes(router_, api_guard_);
  guard_.refuse_unknown(router_);
}

void ConsoleFront::start() {
  live_schedule_.emplace("live", live_period_, [this] { live_.send_samples(); });
  server_->start();
}

void ConsoleFront::stop() {
  live_schedule_->stop();
  accounts_.stop();
  export_.stop();
  api_pool_.stop();
  pool_.stop();
}

}  // namespace stampede::app
