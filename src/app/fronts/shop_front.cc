#include "app/fronts/shop_front.h"

#include "app/fronts/asset_files.h"
#include "views/assets.h"

namespace stampede::app {
namespace {

std::optional<ExternalChallenge> external_of(const Config& config) {
  if (config.external_challenge.provider.empty()) return std::nullopt;
  return std::optional<ExternalChallenge>(std::in_place, config);
}

}  // namespace

ShopFront::ShopFront(const Config& config, const Services& services)
    : images_(static_cast<std::size_t>(config.captcha.pictures_ahead)),
      fetches_(static_cast<int>(config.captcha.fetches_per_buyer)),
      work_(config.captcha.work),
      external_(external_of(config)),
      product_bucket_({.rate = config.admission.product_rate,
                       .burst = config.admission.product_burst,
                       .ipv6_prefix = static_cast<int>(config.admission.ipv6_prefix)}),
      files_(asset_files()),
      pages_(views::asset_url, challenge_on_pages(config)),
      forms_(services.keys),
      catalog_({services.sales, shared_pages_, product_bucket_, pages_,
                controllers::content_security_policy(challenge_sources(config))}),
      accounts_({services.accounts, services.sessions, forms_, services.origin, pages_},
                {.node_of = services.node_of}),
      captcha_({images_, services.captcha, wrong_answers_, fetches_, work_,
                std::chrono::milliseconds{
                    static_cast<std::int64_t>(config.captcha.minimum_seconds * 1'000)},
                services.sales, services.sessions, services.origin, refusals_,
                external_ ? &external_->siteverify() : nullptr,
                config.external_challenge.own == "always"}),
      orders_({.buyer_orders = services.orders,
               .pool = pool_,
               .refusals = refusals_,
               .sessions = services.sessions,
               .pages = pages_,
               .origin = services.origin,
               .checkout = {config.payment.checkout_url, config.payment.secret},
               .ipv6_prefix = static_cast<int>(config.admission.ipv6_prefix)}),
      events_({services.orders, services.sessions, services.keys}, read_clocks,
              {.ipv6_prefix = static_cast<int>(config.admission.ipv6_prefix)}),
      pictures_(services.pictures) {
  files_.add(kOpenApiPath, openapi_document(), http::StaticFiles::Kept::kWithAsking);
}

void ShopFront::add_routes(http::Router& router) {
  controllers::refuse_doubled_of_shop(router);
  catalog_.add_routes(router);
  accounts_.add_routes(router);
  captcha_.add_routes(router);
  orders_.add_routes(router);
  events_.add_routes(router);
  pictures_.add_routes(router, picture_pool_);
  files_.mount(router);
}

void ShopFront::write_metrics(telemetry::PrometheusText& text) const {
  text.family("stampede_captchas_drawn_total", "counter", "Captchas drawn ahead.");
  text.value("stampede_captchas_drawn_total", "", static_cast<double>(images_.drawn()));
  text.family("stampede_captchas_missed_total", "counter",
              "Captchas asked for while none was drawn.");
  text.value("stampede_captchas_missed_total", "", static_cast<double>(images_.missed()));
  if (external_) external_->write_metrics(text);
  text.family("stampede_purchase_streams", "gauge", "Purchases that are followed by their pages.");
  text.value("stampede_purchase_streams", "", static_cast<double>(events_.open_streams()));
}

}  // namespace stampede::app
