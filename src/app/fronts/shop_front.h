#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "app/config/config.h"
#include "app/fronts/external_challenge.h"
#include "captcha/captcha.h"
#include "captcha/fetch_limit.h"
#include "captcha/proof_of_work.h"
#include "captcha/wrong_answers.h"
#include "concurrency/fair_pool.h"
#include "concurrency/slow_refusals.h"
#include "concurrency/worker_pool.h"
#include "controllers/doubled.h"
#include "controllers/pictures_controller.h"
#include "controllers/shop/accounts_controller.h"
#include "controllers/shop/captcha_controller.h"
#include "controllers/shop/catalog_controller.h"
#include "controllers/shop/orders_controller.h"
#include "controllers/shop/purchase_events.h"
#include "controllers/shop/shared_pages.h"
#include "http/server/handlers/static_files.h"
#include "schedules/periodic.h"
#include "services/admission/fair_bucket.h"
#include "services/orders/buyer_orders.h"
#include "telemetry/metrics.h"
#include "views/pages.h"

namespace stampede::app {

/// Everything that people look at: pages, static files, accounts, captchas, orders. The services
/// outlive it.
class ShopFront {
 public:
  struct Services {
    const identity::KeyRing& keys;
    services::accounts::Accounts& accounts;
    const services::accounts::Sessions& sessions;
    services::orders::BuyerOrders& orders;
    services::catalog::Pictures& pictures;
    const captcha::Tokens& captcha;
    controllers::CurrentSales sales;
    const controllers::OriginRule& origin;
    /// The validator that owns a buyer, for the cookie `node`; thread-safe.
    std::function<std::string(UserId)> node_of;
  };
  ShopFront(const Config& config, const Services& services);

  /// The front must outlive the router.
  void add_routes(http::Router& router);

  /// No task of its own runs afterwards.
  void stop() {
    if (external_) external_->stop();
    watching_.stop();
    pool_.stop();
    refusals_.stop();
    picture_pool_.stop();
  }

  void write_metrics(telemetry::PrometheusText& text) const;

  /// The products as the database has them. Thread-safe.
  void show(std::vector<Product> products) {
    pictures_.load(products);
    shared_pages_.load(std::move(products));
  }

 private:
  /// How late a buyer may hear of an outcome.
  static constexpr std::chrono::milliseconds kWatchPeriod{250};
  static constexpr std::chrono::milliseconds kRefusalDelay{500};

  captcha::ImagePool images_;
  captcha::WrongAnswers wrong_answers_;
  captcha::FetchLimit fetches_;
  captcha::ProofOfWork work_;
  std::optional<ExternalChallenge> external_;
  services::admission::FairBucket product_bucket_;
  http::StaticFiles files_;
  views::Pages pages_;
  controllers::SharedPages shared_pages_{pages_};
  controllers::FormTokens forms_;
  controllers::CatalogController catalog_;
  controllers::AccountsController accounts_;
  controllers::CaptchaController captcha_;
  controllers::OrdersController orders_;
  controllers::PurchaseEvents events_;
  controllers::PicturesController pictures_;
  // The pools use everything above. Pictures have a pool of their own, so that a flood of requests
  // for pictures does not delay orders.
  concurrency::FairPool pool_{{.name = "orders", .threads = 2}};
  concurrency::SlowRefusals refusals_{kRefusalDelay};
  concurrency::WorkerPool picture_pool_{{.name = "pictures", .threads = 1, .queue = 128}};
  schedules::Periodic watching_{"purchases", kWatchPeriod, [this] { events_.send_outcomes(); }};
};

}  // namespace stampede::app
