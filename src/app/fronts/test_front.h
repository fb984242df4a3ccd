#pragma once

#include "app/config/data_dir.h"
#include "app/fronts/shop_front.h"
#include "app/process/from_config.h"
#include "controllers/shop/check_controller.h"
#include "queue/local/local_queue.h"
#include "repositories/sql/repositories.h"
#include "tests/support/temp_dir.h"

namespace stampede::app {

/// The public listener's router, as `serve` makes it. Only tests include this.
struct TestFront {
  /// With `own` pictures, which outlive it, instead of the database's.
  explicit TestFront(repositories::Pictures* own = nullptr)
      : pictures(own ? *own : storage.pictures()) {
    check.add_routes(router);
    front.add_routes(router);
  }
  ~TestFront() {
    front.stop();
    accounts.stop();
  }
  TestFront(const TestFront&) = delete;
  TestFront& operator=(const TestFront&) = delete;

  const test_support::TempDir folder;
  const Config config;
  const identity::KeyRing keys{(prepare_data_dir(folder.path()), key_path(folder.path()))};
  repositories::sql::Database database{{.path = database_path(folder.path())}};
  repositories::sql::Repositories storage{database};
  captcha::Tokens captcha_tokens{keys};
  queue::local::LocalQueue queue{1};
  services::admission::Blacklist blacklist;
  services::accounts::Sessions sessions{keys};
  services::accounts::Devices devices{keys};
  services::accounts::Accounts accounts{storage.accounts(), sessions, devices, {}};
  services::orders::BuyerOrders orders{storage.orders(), storage.order_events()};
  services::catalog::Pictures pictures;
  services::purchase::Checkout checkout{purchase_rules(config), {captcha_tokens, queue, blacklist}};
  controllers::OriginRule origin{std::nullopt};
  controllers::CheckController check{
      [this](const auto& attempt, const auto& wait) { return checkout.attempt(attempt, wait); },
      sessions, origin, keys};

  ShopFront front{config,
                  {.keys = keys,
                   .accounts = accounts,
                   .sessions = sessions,
                   .orders = orders,
                   .pictures = pictures,
                   .captcha = captcha_tokens,
                   .sales = {},
                   .origin = origin,
                   .node_of = {}}};
  http::Router router;
};

}  // namespace stampede::app
