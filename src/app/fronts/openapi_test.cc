// api/openapi.json has every route of the shop and nothing else. That its answers are true as well
// is in tests/api.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <set>
#include <string>
#include <string_view>

#include "app/fronts/asset_files.h"
#include "app/fronts/test_front.h"
#include "controllers/api/orders_api.h"
#include "controllers/api/webhooks_api.h"
#include "controllers/operations_controller.h"
#include "tests/support/fakes/fake_api_tokens.h"
#include "tests/support/fakes/fake_buyers.h"
#include "tests/support/fakes/fake_order_events.h"
#include "tests/support/fakes/fake_order_search.h"
#include "tests/support/fakes/fake_webhooks.h"

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

/// Those with this tag; empty: those of the shop's listener.
Operations documented(std::string_view tag) {
  Operations operations;
  const auto document = boost::json::parse(openapi_document());
  for (const auto& path : document.at("paths").as_object()) {
    for (const auto& [key, operation] : path.value().as_object()) {
      if (key == "servers") continue;
      const std::string_view its_tag = operation.at("tags").at(0).as_string();
      const bool on_console = its_tag == "operations" || its_tag == "api";
      std::string method(key);
      for (char& c : method) c = static_cast<char>(c - 'a' + 'A');
      if (on_console ? its_tag == tag : tag.empty())
        operations.insert(method + " " + std::string(path.key()));
    }
  }
  return operations;
}

TEST(OpenApi, HasEveryRouteOfTheShopAndNoOther) {
  const TestFront shop;
  EXPECT_EQ(documented({}), operations_of(shop.router));
}

TEST(OpenApi, HasTheRoutesOfOperationsApart) {
  controllers::OperationsController operations([] { return true; }, {});
  http::Router router;
  operations.add_routes(router);
  EXPECT_EQ(documented("operations"), operations_of(router));
}

TEST(OpenApi, HasTheRoutesOfTheApi) {
  test_support::FakeApiTokens tokens;
  services::accounts::ApiAccess access(tokens);
  concurrency::WorkerPool pool({.name = "api", .threads = 1, .queue = 1});
  controllers::ApiGuard guard({.access = access, .pool = pool});
  test_support::FakeOrderSearch search;
  services::orders::OrderArchive archive(search);
  test_support::FakeOrderEvents events;
  test_support::FakeBuyers users;
  test_support::FakeAuditLog log;
  services::audit::Journal journal(log, users);
  services::operations::OrderOperations operations(events, journal);
  controllers::OrdersApi orders({.archive = archive, .operations = operations});
  test_support::FakeOrderHistory history;
  test_support::FakeWebhooks storage(history);
  services::operations::WebhookOperations webhook_operations({storage, history}, journal, false);
  controllers::WebhooksApi webhooks(webhook_operations);
  http::Router router;
  orders.add_routes(router, guard);
  webhooks.add_routes(router, guard);
  EXPECT_EQ(documented("api"), operations_of(router));
}

}  // namespace
}  // namespace stampede::app
