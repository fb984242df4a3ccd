#include "app/roles/shop_front.h"

#include <string>

#include "embedded/web.h"

namespace stampede::app {
namespace {

/// "/static/<hash of all files>/": a new release has new addresses, so browsers and CDNs may keep
/// every file for good, and modules find each other by relative names.
std::string asset_prefix() {
  std::string all;
  for (const auto& file : embedded::web()) all.append(file.path).append(file.bytes);
  const std::string tag = http::entity_tag(all);
  return "/static/" + tag.substr(1, tag.size() - 2) + "/";
}

http::StaticFiles asset_files(const std::string& prefix) {
  http::StaticFiles files;
  for (const auto& file : embedded::web()) {
    files.add(prefix + std::string(file.path), file.bytes, http::StaticFiles::Kept::kForGood);
  }
  return files;
}

}  // namespace

ShopFront::ShopFront(const Config::Admission& admission, const Services& services)
    : product_bucket_(admission.product_rate, admission.product_burst),
      asset_prefix_(asset_prefix()),
      files_(asset_files(asset_prefix_)),
      pages_([this](std::string_view path) { return asset_prefix_ + std::string(path); }),
      forms_(services.keys),
      catalog_({services.sales, showcase_, product_bucket_, pages_}),
      accounts_({services.accounts, services.sessions, forms_, services.origin, pages_},
                {.node_of = services.node_of}),
      captcha_({gallery_, services.captcha, wrong_answers_, services.sales, services.sessions,
                services.origin}),
      orders_({services.orders, pool_, services.sessions, pages_}),
      events_({services.orders, services.sessions}) {}

void ShopFront::add_routes(http::Router& router) {
  catalog_.add_routes(router);
  accounts_.add_routes(router);
  captcha_.add_routes(router);
  orders_.add_routes(router);
  events_.add_routes(router);
  files_.mount(router);
}

void ShopFront::write_metrics(telemetry::PrometheusText& text) const {
  text.family("stampede_captchas_drawn_total", "counter", "Captchas drawn ahead.");
  text.value("stampede_captchas_drawn_total", "", static_cast<double>(gallery_.drawn()));
  text.family("stampede_purchase_streams", "gauge", "Purchases that are followed by their pages.");
  text.value("stampede_purchase_streams", "", static_cast<double>(events_.open_streams()));
}

}  // namespace stampede::app
