// api/openapi.json has every route of the shop and nothing else. That its answers are true as well
// is in tests/api.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <set>
#include <string>

#include "app/config/data_dir.h"
#include "app/roles/asset_files.h"
#include "app/roles/from_config.h"
#include "app/roles/shop_front.h"
#include "controllers/check_controller.h"
#include "controllers/operations_controller.h"
#include "queue/local/local_queue.h"
#include "repositories/sql/repositories.h"
#include "tests/support/temp_dir.h"

namespace stampede::app {
namespace {

using Operations = std::set<std::string>;  // "GET /time"

Operations operations_of(const http::Router& router) {
  Operations operations;
  for (const auto& [method, pattern] : router.routes()) {
    const bool asset = pattern.starts_with("/static/");  // a route a file
    operations.insert((method == http::Method::kPost ? "POST " : "GET ") +
                      (asset ? "/static/{file}" : pattern));
  }
  return operations;
}

/// Those of the shop's listener, or those of the console's.
Operations documented(bool on_console) {
  Operations operations;
  const auto document = boost::json::parse(openapi_document());
  for (const auto& path : document.at("paths").as_object()) {
    for (const auto& [key, operation] : path.value().as_object()) {
      if (key == "servers") continue;
      const bool console = operation.at("tags").at(0) == "operations";
      std::string method(key);
      for (char& c : method) c = static_cast<char>(c - 'a' + 'A');
      if (console == on_console) operations.insert(method + " " + std::string(path.key()));
    }
  }
  return operations;
}

/// The public listener's router, as `serve` makes it.
class OpenApi : public testing::Test {
 protected:
  OpenApi() {
    check_.add_routes(router_);
    front_.add_routes(router_);
  }
  ~OpenApi() override {
    front_.stop();
    accounts_.stop();
  }

  const test_support::TempDir folder_;
  const Config config_;
  const identity::KeyRing keys_{(prepare_data_dir(folder_.path()), key_path(folder_.path()))};
  repositories::sql::Database database_{{.path = database_path(folder_.path())}};
  repositories::sql::Repositories repositories_{database_};
  captcha::Tokens captcha_tokens_{keys_};
  queue::local::LocalQueue queue_{1};
  services::admission::Blacklist blacklist_;
  services::accounts::Sessions sessions_{keys_};
  services::accounts::Accounts accounts_{repositories_.accounts(), sessions_, {}};
  services::orders::OrderDesk orders_{repositories_.orders()};
  services::catalog::Pictures pictures_{repositories_.pictures()};
  services::purchase::Checkout checkout_{purchase_rules(config_),
                                         {captcha_tokens_, queue_, blacklist_}};
  controllers::OriginRule origin_{std::nullopt};
  controllers::CheckController check_{checkout_, sessions_, origin_};
  ShopFront front_{config_.admission,
                   {.keys = keys_,
                    .accounts = accounts_,
                    .sessions = sessions_,
                    .orders = orders_,
                    .pictures = pictures_,
                    .captcha = captcha_tokens_,
                    .sales = {},
                    .origin = origin_,
                    .node_of = {}}};
  http::Router router_;
};

TEST_F(OpenApi, HasEveryRouteOfTheShopAndNoOther) {
  EXPECT_EQ(documented(false), operations_of(router_));
}

TEST_F(OpenApi, HasTheRoutesOfOperationsApart) {
  controllers::OperationsController operations([] { return true; }, {});
  http::Router router;
  operations.add_routes(router);
  EXPECT_EQ(documented(true), operations_of(router));
}

}  // namespace
}  // namespace stampede::app
